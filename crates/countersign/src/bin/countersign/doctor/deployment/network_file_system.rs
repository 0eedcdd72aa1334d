//! D8: SQLite on a file system that cannot do what it needs.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::Subject;
use crate::doctor::{Finding, Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "D8",
    name: "database-on-unfit-file-system",
    title: "the database's file system is no place for it",
    severity: Severity::Error,
    why: "SQLite needs locks and shared memory that network file systems only pretend to have: two \
          servers write at once, and the database is damaged. What is in memory or in a container's own \
          layer is gone with it, log-outs included.",
    reference: "SQLite, How To Corrupt 2.1; SQLite, Write-Ahead Logging 2",
    mend: "Put the database on a local disk, or on a volume that survives the container.",
};

/// Served by another machine, or through a layer without real locks.
const REMOTE: [&str; 17] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb",
    "smb2",
    "smb3",
    "smbfs",
    "9p",
    "afs",
    "ceph",
    "glusterfs",
    "lustre",
    "ncpfs",
    "vboxsf",
    "prl_fs",
    "vmhgfs",
    "ocfs2",
];
/// The same, served by a program.
const REMOTE_FUSE: [&str; 9] = [
    "sshfs",
    "s3fs",
    "gcsfuse",
    "glusterfs",
    "ceph",
    "rclone",
    "vmhgfs-fuse",
    "goofys",
    "blobfuse2",
];

pub(super) fn check(subject: &Subject, findings: &mut Vec<Finding>) {
    // Only Linux says it here.
    let Ok(mounts) = fs::read_to_string("/proc/self/mountinfo") else { return };
    let Some(path) = absolute(subject.path()) else { return };
    let Some(kind) = kind_at(&mounts, &path) else { return };
    if let Some((severity, what)) = judge(kind) {
        let message = format!("{} is on {kind}, {what}", path.display());
        findings.push(Finding::new(&RULE, message).with_severity(severity));
    }
}

fn judge(kind: &str) -> Option<(Severity, &'static str)> {
    let served = kind.strip_prefix("fuse.").is_some_and(|name| REMOTE_FUSE.contains(&name));
    if REMOTE.contains(&kind) || served {
        Some((Severity::Error, "a network file system"))
    } else if matches!(kind, "tmpfs" | "ramfs") {
        Some((Severity::Warning, "which is in memory: a restart of the machine empties it"))
    } else if matches!(kind, "overlay" | "aufs") {
        Some((Severity::Warning, "a container's own layer: it goes with the container"))
    } else {
        None
    }
}

/// The path with links resolved, as far as it exists.
fn absolute(path: &Path) -> Option<PathBuf> {
    fs::canonicalize(path).ok().or_else(|| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?;
        Some(folder.join(path.file_name()?))
    })
}

/// The kind of the innermost mount that holds a path; of two on one place the later one counts.
/// proc(5): `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw`.
fn kind_at<'m>(mounts: &'m str, path: &Path) -> Option<&'m str> {
    let mut best: Option<(usize, &str)> = None;
    for line in mounts.lines() {
        let Some((place, kind)) = mount(line) else { continue };
        let depth = place.components().count();
        if path.starts_with(&place) && best.is_none_or(|(deepest, _)| depth >= deepest) {
            best = Some((depth, kind));
        }
    }
    best.map(|(_, kind)| kind)
}

fn mount(line: &str) -> Option<(PathBuf, &str)> {
    let (before, after) = line.split_once(" - ")?;
    let place = before.split(' ').nth(4)?;
    // Spaces and the like are written in octal.
    let place = place.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\");
    Some((PathBuf::from(place), after.split(' ').next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 21 0:40 / /srv rw - nfs4 server:/srv rw
31 30 0:41 / /srv/local\\040disk rw - xfs /dev/sdb1 rw
32 21 0:42 / /mnt/files rw - fuse.sshfs me@there:/ rw
33 21 0:43 / /dev/shm rw - tmpfs tmpfs rw
";

    #[test]
    fn the_innermost_mount_counts() {
        for (path, kind) in [
            ("/var/lib/auth.db", "ext4"),
            ("/srv/auth.db", "nfs4"),
            ("/srv/local disk/auth.db", "xfs"),
            ("/srvx/auth.db", "ext4"),
            ("/mnt/files/a/auth.db", "fuse.sshfs"),
        ] {
            assert_eq!(kind_at(MOUNTS, Path::new(path)), Some(kind), "{path}");
        }
    }

    #[test]
    fn what_is_served_by_others_is_no_place() {
        for kind in ["nfs4", "cifs", "fuse.sshfs", "9p"] {
            assert_eq!(judge(kind).unwrap().0, Severity::Error, "{kind}");
        }
        assert_eq!(judge("tmpfs").unwrap().0, Severity::Warning);
        for kind in ["ext4", "xfs", "btrfs", "zfs", "apfs", "fuse.ext4"] {
            assert_eq!(judge(kind), None, "{kind}");
        }
    }
}
