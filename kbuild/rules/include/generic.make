# What a module-assistant tarball's debian/rules may expect of $(MA_DIR)/include/generic.make, as the README and HOWTO of
# module-assistant document it. The rules set PACKAGE, the beginning of their package's name; mago's environment and command
# line give KVERS, KSRC, KDREV, KPKG_DEST_DIR, CC and MODULE_LOC.

KSRC ?= /usr/src/linux
KVERS ?= $(shell sed -n 's/^\#define UTS_RELEASE "\(.*\)"$$/\1/p' $(KSRC)/include/generated/utsrelease.h)

package = $(PACKAGE)
PKGNAME := $(PACKAGE)-$(KVERS)
PKGARCH = $(shell dpkg --print-architecture)

ifeq ($(origin CC),default)
CC := gcc
endif
export CC

ifneq ($(CONCURRENCY_LEVEL),)
MAKE_OPT += -j $(CONCURRENCY_LEVEL)
endif

# Who is root already, be it under fakeroot, needs no command for that.
ifeq ($(shell id -u),0)
ROOT_CMD =
endif

# VERSION is <source version>+<kernel package version> with one epoch at most, CVERSION the same as files are named by.
VERSION ?= $(shell sed -n '1s/^[^(]*(\([^)]*\)).*/\1/p' debian/changelog)
ma-version := $(subst :, ,$(VERSION))
ma-revision := $(subst :, ,$(KDREV))
ma-epochs := $(if $(word 2,$(ma-version)),$(firstword $(ma-version))) $(if $(word 2,$(ma-revision)),$(firstword $(ma-revision)))
CVERSION := $(lastword $(ma-version))$(if $(KDREV),+$(lastword $(ma-revision)))
VERSION := $(addsuffix :,$(firstword $(ma-epochs)))$(CVERSION)

KPKG_DEST_DIR ?= $(KSRC)/..
DEB_DESTDIR = $(KPKG_DEST_DIR)
CDBS_SAFE_DEB_DESTDIR = $(DEB_DESTDIR)
CHFILE := $(DEB_DESTDIR)/$(PKGNAME)_$(CVERSION)_$(PKGARCH).changes

DEB_NAME = $(or $(KMAINT),$(DEBFULLNAME),$(DEBNAME))
DEB_MAIL = $(or $(KEMAIL),$(DEBEMAIL))
MAINT = $(if $(DEB_MAIL),$(if $(DEB_NAME),$(DEB_NAME) <$(DEB_MAIL)>,$(DEB_MAIL)),$(LOGNAME)@localhost)

echo-vars:
	@echo "KSRC $(KSRC), KVERS $(KVERS), KDREV $(KDREV), CC $(CC), ARCH $(ARCH), MAKE_OPT $(MAKE_OPT)"
	@echo "PKGNAME $(PKGNAME), VERSION $(VERSION), PKGARCH $(PKGARCH), DEB_DESTDIR $(DEB_DESTDIR), MAINT $(MAINT)"

echo-changes:
	@echo $(CHFILE)

echo-deb:
	@echo $(PKGNAME)

echo-debfile:
	@echo $(DEB_DESTDIR)/$(PKGNAME)_$(CVERSION)_$(PKGARCH).deb

configure-checks:
	@command -v $(CC) >/dev/null || { echo "*** the kernel's compiler $(CC) is not installed"; exit 1; }

genchanges:
	dpkg-genchanges -b -m'$(MAINT)' -e'$(MAINT)' -u'$(DEB_DESTDIR)' >'$(CHFILE)'

# First debian/*_KVERS_* become files of this kernel's, then every debian/NAME.modules.in becomes NAME.
ma-fill = sed -e 's/\#\#KVERS\#\#/$(KVERS)/g' -e 's/\#KVERS\#/$(KVERS)/g' -e 's/_KVERS_/$(KVERS)/g' \
	-e 's/\#\#KDREV\#\#/$(KDREV)/g' -e 's/\#KDREV\#/$(KDREV)/g' -e 's/_KDREV_/$(KDREV)/g'

prep-deb-files:
	@cd debian && for file in *_KVERS_*; do \
		test ! -f "$$file" || cp -p "$$file" "$$(echo "$$file" | sed 's/_KVERS_/$(KVERS)/g')"; \
	done
	@cd debian && for file in *.modules.in; do \
		case "$$file" in *_KVERS_*) continue ;; esac; \
		test ! -f "$$file" || $(ma-fill) <"$$file" >"$${file%.modules.in}"; \
	done

# Rules may also name one file that has a template, as Debian 13's do of debian/control.
%: %.modules.in
	$(ma-fill) <$< >$@

.PHONY: echo-vars echo-changes echo-deb echo-debfile configure-checks genchanges prep-deb-files
