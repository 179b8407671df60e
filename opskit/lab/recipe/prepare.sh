# Runs inside the image's root, once, after its packages are there: what makes a Debian a host of the lab.
set -eu

# A user for SSH. The key comes with each container; there is no password.
useradd --create-home --shell /bin/bash ops
echo 'ops ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/ops
chmod 0440 /etc/sudoers.d/ops

# Keys baked into an image would be shared by all its containers, and pinning them would prove nothing.
rm -f /etc/ssh/ssh_host_*
mkdir -p /etc/ssh/authorized_keys.d /etc/ssh/sshd_config.d /etc/systemd/system
cat >/etc/ssh/sshd_config.d/00-opskit-lab.conf <<'CONF'
HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile /etc/ssh/authorized_keys.d/%u
AllowUsers ops
PasswordAuthentication no
KbdInteractiveAuthentication no
PrintMotd no
PrintLastLog no
MaxStartups 100:30:200
MaxSessions 100
CONF
cat >/etc/systemd/system/opskit-lab-hostkey.service <<'UNIT'
[Unit]
Description=A fresh SSH host key for this container
Before=ssh.service
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key

[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -q -t ed25519 -N "" -C "" -f /etc/ssh/ssh_host_ed25519_key

[Install]
RequiredBy=ssh.service
UNIT
systemctl enable opskit-lab-hostkey.service ssh.service

# The kernel's audit is the machine's: where it is on, a required pam_loginuid refuses every login in a container.
sed -i 's/^\(session *\)required\( *pam_loginuid.so\)/\1optional\2/' /etc/pam.d/sshd
# One line of mail and news at each login is noise in every command's output.
sed -i -e '/pam_motd.so/d' -e '/pam_mail.so/d' /etc/pam.d/sshd

# What a container has no use for, or what only delays its start.
for unit in \
	apt-daily.timer apt-daily-upgrade.timer console-getty.service dev-hugepages.mount dpkg-db-backup.timer \
	e2scrub_all.timer e2scrub_reap.service fstrim.timer getty.target kmod-static-nodes.service man-db.timer \
	proc-sys-fs-binfmt_misc.automount remote-fs.target sys-fs-fuse-connections.mount sys-kernel-config.mount \
	sys-kernel-debug.mount sys-kernel-tracing.mount systemd-binfmt.service systemd-firstboot.service \
	systemd-logind.service systemd-modules-load.service systemd-networkd.service systemd-pstore.service \
	systemd-repart.service systemd-resolved.service systemd-timesyncd.service systemd-udevd.service \
	systemd-udev-trigger.service systemd-update-utmp.service systemd-update-utmp-runlevel.service; do
	ln -sf /dev/null "/etc/systemd/system/$unit"
done
ln -sf /lib/systemd/system/multi-user.target /etc/systemd/system/default.target

mkdir -p /etc/systemd/journald.conf.d
printf '[Journal]\nSystemMaxUse=32M\nRuntimeMaxUse=32M\n' >/etc/systemd/journald.conf.d/opskit-lab.conf

# Empty means: make one at the first boot, and do not run the first-boot presets.
: >/etc/machine-id
rm -f /var/lib/dbus/machine-id

# How this image was fetched is nobody's business afterwards: hosts of the lab download nothing.
rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/* /etc/apt/apt.conf.d/99mmdebstrap /var/lib/apt/lists/* \
	/var/cache/apt/archives/*.deb /var/log/apt /var/log/dpkg.log /var/log/bootstrap.log
rm -rf /usr/share/man/* /usr/share/locale/* /usr/share/doc/* /usr/share/info/* /usr/share/lintian/*
rm -f /etc/dpkg/dpkg.cfg.d/opskit-lab
