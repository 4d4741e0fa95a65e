package vm

import "context"

// PC is a machine that starts as PCs do: UEFI firmware out of flash memory, which starts what the disk holds.
type PC struct {
	Firmware  string // the firmware's program
	Variables string // its variables; the machine writes to the file
	Disk      string
}

// Boot runs the machine as the function Boot does. Secure Boot demands that the firmware alone, in system management mode, can
// write to its flash.
func (p PC) Boot(ctx context.Context, megabytes int) (console []byte, err error) {
	return qemu(ctx, megabytes, "-machine", "q35,smm=on", "-global", "driver=cfi.pflash01,property=secure,value=on",
		"-drive", "if=pflash,format=raw,unit=0,readonly=on,file="+p.Firmware, "-drive", "if=pflash,format=raw,unit=1,file="+p.Variables,
		"-drive", "format=raw,file="+p.Disk)
}
