package engine

import (
	"crypto/x509"
	"sync"
	"sync/atomic"

	"mago/catalog"
	"mago/cmd/mago/internal/store"
	"mago/debpkg/apt"
	"mago/kbuild/firmware"
	"mago/kbuild/sandbox"
	"mago/kbuild/signing"
)

// known is what the parts of an engine, at work for several units at once, have found out and found out once.
type known struct {
	changes atomic.Int64 // grows when dpkg may have changed its status, or apt its lists
	stamp   atomic.Value // of that status when it was looked at last
	updated atomic.Bool  // whether apt has fetched its lists
	several atomic.Bool  // whether the run is of several units

	status    lasting[*apt.Status]
	inApt     lasting[catalog.Headers]        // that apt has
	kernels   lasting[map[string]foundKernel] // by release
	compilers lasting[compilers]              // that apt has
	index     lasting[*catalog.Index]
	sandbox   lasting[sandbox.Sandbox]
	sandboxes while[ownSandbox, sandbox.Sandbox] // of modules that have one of their own
	evaluated evaluations
	built     lastBuilds
	tools     while[toolSet, []store.Input]
	bases     while[sharedBasis, string]
	sums      while[string, string] // of dpkg's lists of sums, by their paths

	machine      sync.Once
	trust        firmware.Trust                // of the machine, whatever kernel it runs
	trusts       while[string, firmware.Trust] // by the kernel's release
	gathered     sync.Once
	certificates []*x509.Certificate // see signatures.certificates

	messages sync.Map                       // of packages' modules, by the package's SHA-256; see signatures.messages
	keys     while[string, chosenKey]       // that sign, by the path that is configured
	signers  while[string, *signing.Signer] // by the path of the key

	opened    lasting[kernelIndex]
	unfetched sync.Map // why the headers of a kernel could not be fetched, by release
	upgrade   lasting[apt.Transaction]

	pending atomic.Bool // whether the next boot's blue screen has to be answered before modules load that were signed or installed
	told    sync.Map    // what was told once: compilers by their kernels' releases, keys by their paths
	shown   sync.Once   // the sandbox
	ignored sync.Once   // what of dkms's settings is not followed

	// system is held by who has apt, dpkg or useradd change the system, from the look at what is there to the end. Their own
	// locks keep processes apart, not parts of one. Whoever holds it opens no catalog and takes no lock of the cache.
	system sync.Mutex
}

// lasting is a value that holds until changes has grown.
type lasting[T any] struct {
	lock sync.Mutex
	have bool
	at   int64
	now  T
}

// get gives the value, which find has found out since changes was what it is now.
func (l *lasting[T]) get(now int64, find func() (T, error)) (T, error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.have && l.at == now {
		return l.now, nil
	}
	value, err := find()
	if err == nil {
		l.now, l.at, l.have = value, now, true
	}
	return value, err
}

// value is what was found out, else the zero value.
func (l *lasting[T]) value() T {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.now
}

func (l *lasting[T]) forget() {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.have = false
}

// evaluations are those of dkms.conf files, by recipe.Key.
type evaluations struct{ byKey sync.Map }

func (e *evaluations) find(key string) (confEvaluation, bool) {
	found, ok := e.byKey.Load(key)
	if !ok {
		return confEvaluation{}, false
	}
	return found.(confEvaluation), true
}

func (e *evaluations) keep(key string, how confEvaluation) { e.byKey.Store(key, how) }
