//! Paths as people see them.

use std::path::{Component, Path, PathBuf};

/// The same path without `.` inside, and without `..` behind a folder's name.
pub(super) fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            // A link to a folder elsewhere has another parent than its name says: then the path stays as it is.
            Component::ParentDir
                if matches!(clean.components().next_back(), Some(Component::Normal(_))) && !clean.is_symlink() =>
            {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    clean
}

/// A path as it is typed in a folder: `migrations/sqlite`, `../migrations`.
pub(super) fn shown(path: &Path, folder: &Path) -> String {
    for (up, ancestor) in folder.ancestors().enumerate() {
        if ancestor.parent().is_none() && up > 0 {
            break;
        }
        if let Ok(rest) = path.strip_prefix(ancestor) {
            let relative: PathBuf = std::iter::repeat_n(Path::new(".."), up).collect::<PathBuf>().join(rest);
            let relative = relative.display().to_string().replace('\\', "/");
            let relative = relative.trim_end_matches('/');
            return if relative.is_empty() { ".".to_owned() } else { relative.to_owned() };
        }
    }
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_as_short_as_they_are_typed() {
        let cases = [
            ("/a/b/migrations", "migrations"),
            ("/a/b", "."),
            ("/a/migrations", "../migrations"),
            ("/a", ".."),
            ("/z/migrations", "/z/migrations"),
        ];
        for (path, expected) in cases {
            assert_eq!(shown(Path::new(path), Path::new("/a/b")), expected, "{path}");
        }
        assert_eq!(clean(Path::new("/a/./b/../c/")), Path::new("/a/c"));
        assert_eq!(clean(Path::new("../a/..")), Path::new(".."));
    }
}
