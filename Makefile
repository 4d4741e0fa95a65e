# What a developer of mago runs. "make help" lists it.
PREFIX ?= /usr/local
FUZZTIME ?= 30s
RELEASE ?= bookworm
TESTDATA = ./testdata/ci ./testdata/e2e/... ./testdata/bench ./testdata/hostile ./testdata/oracle ./testdata/repro ./testdata/sweep ./testdata/soak

help: ## say what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

build: ## build ./mago, a static binary
	CGO_ENABLED=0 go build -trimpath -o mago ./cmd/mago

check: ## format, vet, staticcheck, quick tests; no root, no network
	@test -z "$$(gofmt -l .)" || { gofmt -d .; exit 1; }
	go vet -tags e2e ./... $(TESTDATA)
	go tool staticcheck -tags e2e ./... $(TESTDATA)
	go test -short ./... $(TESTDATA)

test: ## everything: unit, scripts, fuzz seeds, real builds, the story on a clean Debian in QEMU (root; installs what it needs)
	go run ./testdata/ci

demo: build ## build v4l2loopback for this machine's kernel, or for Debian's newest (root; installs what it needs)
	testdata/demo.sh

bench: ## mago against module-assistant, make and dpkg-deb, in turn (root; needs what "make test" installs)
	go run ./testdata/bench

sweep: ## every module package of Debian RELEASE for its kernels, as tables (root; hours; PEERS=1, ONLY=glob,…, SWEEP=flags)
	go run ./testdata/sweep -release $(RELEASE) $(if $(PEERS),-peers) $(if $(ONLY),-only '$(ONLY)') $(SWEEP)

repro: ## the same bytes again: modules built in four ways on a clean Debian (root; an hour; WORDS='module…')
	go run ./testdata/repro $(WORDS)

soak: ## kill mago, fill its disks, have all fail around it, and count what is lost (root; an hour or two; SOAK=flags)
	go run ./testdata/soak $(SOAK)

fuzz: ## run each fuzz target for FUZZTIME
	go run ./testdata/ci -fuzz $(FUZZTIME)

install: build ## install the program, its manual page and completion below $(DESTDIR)$(PREFIX)
	install -D mago $(DESTDIR)$(PREFIX)/bin/mago
	./mago man | install -D -m 644 /dev/stdin $(DESTDIR)$(PREFIX)/share/man/man8/mago.8
	./mago completion | install -D -m 644 /dev/stdin $(DESTDIR)$(PREFIX)/share/bash-completion/completions/mago

uninstall: ## remove what "make install" has put there
	rm -f $(DESTDIR)$(PREFIX)/bin/mago $(DESTDIR)$(PREFIX)/share/man/man8/mago.8 $(DESTDIR)$(PREFIX)/share/bash-completion/completions/mago

deb: ## write mago_VERSION_ARCH.deb, mago's own package (ARCH=arm64)
	go run ./cmd/mkdeb $(if $(ARCH),-arch $(ARCH))

clean: ## remove what make has built; the tests' cache is in /var/cache/mago-test
	rm -rf mago mago_*.deb .cache

.PHONY: help build check test demo bench sweep repro soak fuzz install uninstall deb clean
