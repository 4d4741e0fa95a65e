# What a developer of mago runs. "make help" lists it.
PREFIX ?= /usr/local
FUZZTIME ?= 30s
RELEASE ?= bookworm
# Nothing here needs cgo, which would need libc6-dev; "lab ci" turns it on for the race detector.
export CGO_ENABLED = 0
# Where git refuses the checkout, as root's git refuses another user's, go build would end.
WITHOUT_COMMIT = $(if $(shell git rev-parse HEAD 2>/dev/null),,-buildvcs=false)

help: ## say what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

build: ## build ./mago, a static binary, and ./mago-pkcs11, which talks to tokens for it
	@command -v go >/dev/null || { echo 'there is no go on the PATH; where sudo hides it: sudo env PATH="$$PATH" make ...' >&2; exit 1; }
	go build -trimpath $(WITHOUT_COMMIT) -o . ./cmd/mago ./cmd/mago-pkcs11

lint: ## format, vet, staticcheck
	@files=$$(go run cmd/gofmt -l .) && test -z "$$files" || { go run cmd/gofmt -d .; exit 1; }
	go vet -tags e2e ./...
	go tool staticcheck -tags e2e ./...

check: lint ## lint, then quick tests; no root, no network
	go test -short ./...

test: lint ## lint, then everything: unit, scripts, fuzz seeds, real builds, the story on a clean Debian in QEMU (root; installs what it needs)
	go run ./cmd/lab ci

demo: build ## build v4l2loopback for this machine's kernel, or for Debian's newest (root; installs what it needs)
	testdata/demo.sh

bench: ## mago against module-assistant, make and dpkg-deb, in turn (root; needs what "make test" installs)
	go run ./cmd/lab bench

sweep: ## every module package of Debian RELEASE for its kernels, as tables (root; hours; PEERS=1, ONLY=glob,…, SWEEP=flags)
	go run ./cmd/lab sweep -release $(RELEASE) $(if $(PEERS),-peers) $(if $(ONLY),-only '$(ONLY)') $(SWEEP)

directives: ## dkms's reading and mago's of every dkms.conf of Debian RELEASE, compared (root; ten minutes)
	go run ./cmd/lab directives -release $(RELEASE)

repro: ## the same bytes again: modules built in four ways on a clean Debian (root; an hour; WORDS='module…')
	go run ./cmd/lab repro $(WORDS)

soak: ## kill mago, fill its disks, have all fail around it, and count what is lost (root; an hour or two; SOAK=flags)
	go run ./cmd/lab soak $(SOAK)

fuzz: ## run each fuzz target for FUZZTIME
	go run ./cmd/lab fuzz $(FUZZTIME)

install: build ## install the programs, the manual page and completion below $(DESTDIR)$(PREFIX)
	install -D mago $(DESTDIR)$(PREFIX)/bin/mago
	install -D mago-pkcs11 $(DESTDIR)$(PREFIX)/libexec/mago/mago-pkcs11
	./mago man | install -D -m 644 /dev/stdin $(DESTDIR)$(PREFIX)/share/man/man8/mago.8
	./mago completion | install -D -m 644 /dev/stdin $(DESTDIR)$(PREFIX)/share/bash-completion/completions/mago

uninstall: ## remove what "make install" has put there
	rm -f $(DESTDIR)$(PREFIX)/bin/mago $(DESTDIR)$(PREFIX)/share/man/man8/mago.8 $(DESTDIR)$(PREFIX)/share/bash-completion/completions/mago
	rm -rf $(DESTDIR)$(PREFIX)/libexec/mago

deb: ## write mago_VERSION_ARCH.deb, mago's own package (ARCH=arm64)
	go run ./cmd/mkdeb $(if $(ARCH),-arch $(ARCH))

clean: ## remove what make has built; the tests' cache is in /var/cache/mago-test
	rm -rf mago mago-pkcs11 mago_*.deb .cache

.PHONY: help build lint check test demo bench sweep directives repro soak fuzz install uninstall deb clean
