package secureboot

import "context"

// menu has grub start the kernel at once, and all of them speak on the serial line.
const menu = `serial --unit=0 --speed=115200
terminal_output serial
linux /vmlinuz console=ttyS0 panic=-1 quiet
initrd /initramfs
boot
`

// loaders are files of Debian's packages by where the firmware, shim and grub look for them.
var loaders = [][2]string{
	{"/usr/lib/shim/shimx64.efi.signed", "::/EFI/BOOT/BOOTX64.EFI"},
	{"/usr/lib/shim/mmx64.efi.signed", "::/EFI/BOOT/mmx64.efi"},
	{"/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed", "::/EFI/BOOT/grubx64.efi"},
	{bench + "/menu", "::/EFI/debian/grub.cfg"},
	{bench + "/kernel", "::/vmlinuz"},
	{bench + "/initramfs", "::/initramfs"},
}

// disk writes an EFI system partition without a partition table, as removable media have it.
func (w *Workshop) disk(ctx context.Context, to string, kernel, initramfs []byte) error {
	if err := w.clear(); err != nil {
		return err
	}
	for name, content := range map[string][]byte{"kernel": kernel, "initramfs": initramfs, "menu": []byte(menu)} {
		if err := w.put(name, content); err != nil {
			return err
		}
	}
	const disk, kilobytes = bench + "/disk", "65536"
	programs := [][]string{{"mkfs.vfat", "-C", disk, kilobytes}, {"mmd", "-i", disk, "::/EFI", "::/EFI/BOOT", "::/EFI/debian"}}
	for _, file := range loaders {
		programs = append(programs, []string{"mcopy", "-i", disk, file[0], file[1]})
	}
	if err := w.system.RunAll(ctx, programs...); err != nil {
		return err
	}
	return w.fetch(disk, to)
}
