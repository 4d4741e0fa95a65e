// Package e2e tells mago's whole story on a clean Debian 12, from an empty machine to modules that the real kernel loads,
// an upgrade, and a machine without a trace. Its tests have the build tag e2e; the systems come from package debian.
package e2e
