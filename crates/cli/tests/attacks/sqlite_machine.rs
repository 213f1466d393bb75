//! SQLite on a machine that fails: full disks, files that may not be written to, what a killed process leaves, a file by two names.
//!
//! They mount small file systems and run the program as another user, which takes root.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::target::{Engine, Ran, Target, until};

/// A file system in memory, or a second place of a file or folder; unmounted at the end.
struct Mount(PathBuf);

impl Mount {
    fn new(at: &Path, arguments: &[&str]) -> Self {
        let output = Command::new("mount").args(arguments).arg(at).output().expect("`mount` starts: util-linux has it");
        assert!(
            output.status.success(),
            "this test mounts a small file system, which takes root and the right to mount (CAP_SYS_ADMIN; a container needs \
             `--privileged` or `--cap-add SYS_ADMIN --security-opt apparmor=unconfined`): {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Mount(at.to_owned())
    }

    fn again(&self, options: &str) {
        let status = Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(&self.0).status();
        assert!(status.expect("mount starts").success(), "remount,{options}");
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Whoever still has a file open in it keeps it until then.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

const WAL: &str = "PRAGMA journal_mode = WAL; CREATE TABLE made_before (id)";

/// A database in a folder of its own, in each of SQLite's two ways to be safe from crashes.
struct Case {
    target: Target,
    wal: bool,
}

impl Case {
    fn both() -> [Case; 2] {
        [false, true].map(|wal| {
            let target = Target::new(Engine::Sqlite);
            std::fs::create_dir(target.path().join("data")).unwrap();
            Case { target, wal }
        })
    }

    fn one() -> Case {
        let [case, _] = Case::both();
        case
    }

    fn folder(&self) -> PathBuf {
        self.target.path().join("data")
    }

    fn file(&self) -> PathBuf {
        self.folder().join("shop.db")
    }

    /// Makes the file where it is to be in WAL mode: no other mode is the file's own.
    fn begin(&self) {
        if self.wal {
            self.sql(WAL);
        }
    }

    fn driftlock(&self, arguments: &[&str]) -> Command {
        self.on(&self.file(), arguments)
    }

    fn on(&self, file: &Path, arguments: &[&str]) -> Command {
        let url = format!("sqlite://{}", file.display());
        let mut all = arguments.to_vec();
        all.extend(["--url", &url, "--dir", "migrations"]);
        self.target.command(&all)
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::new(self.driftlock(arguments).output().unwrap())
    }

    /// The same by a user who is nobody, whom no permission is given that isn't written down.
    fn run_as_nobody(&self, arguments: &[&str]) -> Ran {
        let program = self.target.path().join("driftlock");
        if !program.exists() {
            std::fs::set_permissions(self.target.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
            std::fs::copy(env!("CARGO_BIN_EXE_driftlock"), &program).unwrap();
        }
        let ours = self.driftlock(arguments);
        let mut command = Command::new(program);
        command.args(ours.get_args()).current_dir(self.target.path()).env_clear().uid(65534).gid(65534);
        Ran::new(command.output().expect("the program starts as another user: this test takes root"))
    }

    #[track_caller]
    fn sql(&self, sql: &str) -> String {
        let output =
            Command::new("sqlite3").args(["-batch", "-cmd", ".timeout 5000"]).arg(self.file()).arg(sql).output();
        let output = output.expect("sqlite3 starts");
        assert!(output.status.success(), "{sql}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Whether the first version is committed and a transaction open.
    fn is_writing(&self) -> bool {
        let run = |sql: &str| Command::new("sqlite3").arg("-batch").arg(self.file()).arg(sql).output().unwrap();
        run("SELECT count(*) FROM driftlock_history").stdout == b"1\n"
            && !run("BEGIN IMMEDIATE; ROLLBACK").status.success()
    }

    fn mode(&self, path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    /// That it now ends as an uninterrupted run does.
    #[track_caller]
    fn ends_right(&self, versions: u32) {
        self.run(&["up"]).expect(0);
        self.is_right(versions);
        self.run(&["up"]).expect(0).says(&["nothing to do"]);
        self.run(&["audit", "--verify"]).expect(0).says(&["chain whole"]);
    }

    #[track_caller]
    fn is_right(&self, versions: u32) {
        assert_eq!(self.sql("SELECT count(*) FROM driftlock_history WHERE state = 'done'"), versions.to_string());
        assert_eq!(self.sql("PRAGMA integrity_check"), "ok");
        let left: Vec<String> = std::fs::read_dir(self.folder())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains("journal") || name.contains("lock"))
            .collect();
        assert_eq!(left, [""; 0], "nothing is left beside the database");
        if self.wal {
            assert_eq!(self.sql("PRAGMA journal_mode"), "wal");
        }
    }
}

/// Rows that take so many kilobytes.
fn rows(kilobytes: u32) -> String {
    format!(
        "INSERT INTO a (text) WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {kilobytes}) \
         SELECT hex(zeroblob(512)) FROM c;\n"
    )
}

/// A statement that takes a minute and more.
const SLOW: &str = "INSERT INTO a (text) SELECT max(n) FROM \
    (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 500000000) SELECT n FROM c);\n";

const TABLE: &str = "CREATE TABLE a (id integer PRIMARY KEY, text text);";

#[test]
fn a_full_disk_takes_nothing_and_the_next_run_ends_right() {
    for case in Case::both() {
        let disk = Mount::new(&case.folder(), &["-t", "tmpfs", "-o", "size=400k", "tmpfs"]);
        let file = case.file().display().to_string();
        case.begin();
        case.target.migration(1, TABLE);
        case.target.migration(2, &format!("{}{}", rows(10), rows(2000)));
        case.run(&["up"]).expect(1).says(&["20260101-000002_shop_step_v1.up.sql", &file, "the disk is full", "run"]);
        assert_eq!(case.sql("SELECT count(*) FROM a"), "0", "wal: {}", case.wal);
        case.run(&["status"]).expect(0).says(&["20260101-000002", "pending"]);
        disk.again("size=20m");
        case.ends_right(2);
        assert_eq!(case.sql("SELECT count(*) FROM a"), "2010");
    }
}

#[test]
fn a_disk_without_a_byte_left_is_said_on_the_first_run_and_on_later_ones() {
    for case in Case::both() {
        let disk = Mount::new(&case.folder(), &["-t", "tmpfs", "-o", "size=400k", "tmpfs"]);
        let file = case.file().display().to_string();
        case.begin();
        case.target.migration(1, TABLE);
        let filler = case.folder().join("filler");
        let fill = || {
            // Until nothing goes in any more.
            let _ = std::fs::write(&filler, vec![1; 1 << 20]);
        };
        fill();
        case.run(&["up"]).expect(1).says(&[&file, "the disk is full"]);
        std::fs::remove_file(&filler).unwrap();
        case.ends_right(1);
        case.target.migration(2, &rows(50));
        fill();
        case.run(&["up"]).expect(1).says(&[&file, "the disk is full"]);
        case.run(&["status"]);
        std::fs::remove_file(&filler).unwrap();
        case.ends_right(2);
        drop(disk);
    }
}

#[test]
fn a_journalled_file_goes_on_where_the_disk_was_full() {
    for case in Case::both() {
        let disk = Mount::new(&case.folder(), &["-t", "tmpfs", "-o", "size=400k", "tmpfs"]);
        case.begin();
        case.target.migration(1, &format!("-- driftlock: no-transaction\n{TABLE}\n{}{}", rows(10), rows(2000)));
        case.run(&["up"]).expect(1).says(&["the disk is full"]);
        disk.again("size=20m");
        case.ends_right(1);
        assert_eq!(case.sql("SELECT count(*) FROM a"), "2010", "no statement ran twice");
    }
}

#[test]
fn what_may_not_be_written_to_is_refused_by_name_and_reason() {
    for case in Case::both() {
        let file = case.file();
        let name = file.display().to_string();
        let folder = case.folder().display().to_string();
        std::os::unix::fs::chown(case.folder(), Some(65534), Some(65534)).unwrap();
        case.target.migration(1, TABLE);
        // The folder, before there is a file.
        case.mode(&case.folder(), 0o555);
        case.run_as_nobody(&["up"]).expect(4).says(&[&folder, "writable"]);
        case.run_as_nobody(&["status"]).expect(0).says(&["pending"]);
        case.mode(&case.folder(), 0o755);
        case.begin();
        case.run(&["up"]).expect(0);
        std::os::unix::fs::chown(&file, Some(65534), Some(65534)).unwrap();
        case.target.migration(2, &rows(10));
        // The folder, with a file in it.
        case.mode(&case.folder(), 0o555);
        case.run_as_nobody(&["up"]).expect(4).says(&[&folder, "writable"]);
        case.mode(&case.folder(), 0o755);
        // The file.
        case.mode(&file, 0o444);
        case.run_as_nobody(&["up"]).expect(4).says(&[&name, "can only be read"]);
        case.run_as_nobody(&["status"]).expect(0).says(&["pending"]);
        case.mode(&file, 0o000);
        case.run_as_nobody(&["up"]).expect(1).says(&[&name, "may not read"]);
        case.mode(&file, 0o644);
        // What SQLite made to look at it has the permissions that the file had.
        for beside in ["shop.db-wal", "shop.db-shm"].map(|name| case.folder().join(name)) {
            if beside.exists() {
                case.mode(&beside, 0o644);
            }
        }
        case.run_as_nobody(&["up"]).expect(0);
        case.ends_right(2);
        assert_eq!(case.sql("SELECT count(*) FROM a"), "10");
    }
}

#[test]
fn a_file_system_that_is_mounted_read_only_is_refused() {
    for case in Case::both() {
        let disk = Mount::new(&case.folder(), &["-t", "tmpfs", "-o", "size=20m", "tmpfs"]);
        let name = case.file().display().to_string();
        case.begin();
        case.target.migration(1, TABLE);
        case.run(&["up"]).expect(0);
        disk.again("ro");
        if case.wal {
            // SQLite itself can't read it then.
            case.run(&["up"]).expect(1).says(&[&name, "WAL mode"]);
        } else {
            case.run(&["up"]).expect(0).says(&["nothing to do"]);
            case.run(&["audit", "--verify"]).expect(0);
        }
        case.target.migration(2, &rows(10));
        if !case.wal {
            case.run(&["up"]).expect(4).says(&[&name, "read-only"]);
            case.run(&["status"]).expect(0).says(&["pending"]);
        }
        disk.again("rw");
        case.ends_right(2);
    }
}

#[test]
fn what_is_no_database_is_left_as_it_is() {
    let case = Case::one();
    case.target.migration(1, TABLE);
    let name = case.file().display().to_string();
    for bytes in
        [&b"this is a text and no database at all, however long it is read"[..], &[0x17; 5000], b"SQLite format 3"]
    {
        std::fs::write(case.file(), bytes).unwrap();
        for command in ["up", "status"] {
            case.run(&[command]).expect(1).says(&[&name, "not a SQLite database", "move the file away"]);
        }
        assert_eq!(std::fs::read(case.file()).unwrap(), bytes);
    }
    // Nothing at all is an empty database, as SQLite makes them.
    std::fs::write(case.file(), "").unwrap();
    case.ends_right(1);
}

#[test]
fn a_truncated_database_is_left_as_it_is() {
    for case in Case::both() {
        case.begin();
        case.target.migration(1, TABLE);
        case.target.migration(2, &rows(100));
        case.run(&["up"]).expect(0);
        case.target.migration(3, &rows(1));
        let whole = std::fs::read(case.file()).unwrap();
        let name = case.file().display().to_string();
        for length in [whole.len() / 2, 4096 * 3, 5000, 200] {
            std::fs::write(case.file(), &whole[..length]).unwrap();
            case.run(&["up"]).expect(1).says(&[&name, "damaged", "backup"]);
            assert_eq!(std::fs::read(case.file()).unwrap(), whole[..length], "{length} bytes are as they were");
        }
        std::fs::write(case.file(), &whole).unwrap();
        case.ends_right(3);
    }
}

/// A runner that is inside the slow statement behind rows that didn't fit into memory.
fn slow_runner(case: &Case) -> Child {
    case.target.migration(1, &format!("{TABLE}\n{}", rows(10)));
    case.target.migration(2, &format!("PRAGMA cache_size = 10;\nUPDATE a SET text = 'x';\n{}{SLOW}", rows(4000)));
    let child = case.driftlock(&["up"]).spawn().unwrap();
    let written = if case.wal { case.folder().join("shop.db-wal") } else { case.file() };
    until("the transaction has begun to write into the file", || {
        std::fs::metadata(&written).is_ok_and(|found| found.len() > 3_000_000)
    });
    child
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// What it would have been without the kill, but for the slow statement.
#[track_caller]
fn recovers(case: &Case) {
    case.run(&["status"]).expect(0).says(&["20260101-000002", "pending"]);
    case.target.migration(2, "UPDATE a SET text = 'y';");
    case.ends_right(2);
    assert_eq!(case.sql("SELECT count(*), min(text), max(text) FROM a"), "10|y|y");
}

#[test]
fn a_hot_journal_and_a_write_ahead_log_that_were_left_behind_are_taken_up() {
    for case in Case::both() {
        case.begin();
        kill(slow_runner(&case));
        let left = case.folder().join(if case.wal { "shop.db-wal" } else { "shop.db-journal" });
        assert!(std::fs::metadata(&left).unwrap().len() > 1000, "the kill left {}", left.display());
        recovers(&case);
    }
    let [_, case] = Case::both();
    case.begin();
    kill(slow_runner(&case));
    std::fs::remove_file(case.folder().join("shop.db-shm")).unwrap();
    recovers(&case);
}

#[test]
fn a_hot_journal_where_nothing_may_be_written_is_told_and_kept() {
    let case = Case::one();
    kill(slow_runner(&case));
    let name = case.file().display().to_string();
    let before = std::fs::read(case.folder().join("shop.db-journal")).unwrap();
    case.mode(&case.folder(), 0o555);
    case.mode(&case.file(), 0o444);
    for command in ["status", "up"] {
        case.run_as_nobody(&[command]).expect(4).says(&[&name, "an interrupted transaction", "may write"]);
    }
    assert_eq!(std::fs::read(case.folder().join("shop.db-journal")).unwrap(), before);
    case.mode(&case.folder(), 0o755);
    case.mode(&case.file(), 0o644);
    recovers(&case);
}

/// A large transaction keeps everybody from looking, too: that is waited for as long as the lock is.
#[test]
fn a_runner_in_a_large_transaction_is_waited_for_as_the_one_who_holds_the_lock() {
    let case = Case::one();
    let holder = slow_runner(&case);
    let ran = case.run(&["up", "--lock-wait", "1s"]).expect(5);
    ran.says(&[&format!("pid {}", holder.id()), "--lock-wait"]);
    let mut waiting = case.driftlock(&["up", "--lock-wait", "60s"]).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_secs(7));
    assert!(waiting.try_wait().unwrap().is_none(), "it waits as long as it was told to");
    kill(holder);
    kill(waiting);
    recovers(&case);
}

#[test]
fn one_lock_by_every_path_that_leads_to_the_file() {
    let case = Case::one();
    case.target.migration(1, TABLE);
    case.target.migration(2, SLOW);
    let holder = case.driftlock(&["up"]).spawn().unwrap();
    until("the second migration runs", || case.is_writing());
    let data = case.folder();
    symlink(case.file(), case.target.path().join("link.db")).unwrap();
    symlink("data", case.target.path().join("linked")).unwrap();
    let other = case.target.path().join("mounted");
    std::fs::create_dir(&other).unwrap();
    let _mount = Mount::new(&other, &["--bind", &data.display().to_string()]);
    for path in [
        "data/shop.db",
        "./data/../data/shop.db",
        "migrations/../data/./shop.db",
        "link.db",
        "linked/shop.db",
        "mounted/shop.db",
    ] {
        let ran = Ran::new(case.on(Path::new(path), &["up", "--lock-wait", "200ms"]).output().unwrap());
        ran.expect(5).says(&[&format!("pid {}", holder.id())]);
    }
    kill(holder);
}

/// SQLite keeps its journal beside the name by which it opened the file: under another name nobody finds it after a crash.
#[test]
fn a_file_with_two_names_that_keep_journals_apart_is_refused() {
    for case in Case::both() {
        case.begin();
        case.target.migration(1, TABLE);
        case.run(&["up"]).expect(0);
        case.target.migration(2, &rows(10));
        let second = case.target.path().join("second.db");
        std::fs::hard_link(case.file(), &second).unwrap();
        for path in [case.file(), second.clone()] {
            let ran = Ran::new(case.on(&path, &["up"]).output().unwrap());
            ran.expect(4).says(&[&path.display().to_string(), "hard links", "symbolic link"]);
            Ran::new(case.on(&path, &["status"]).output().unwrap()).expect(0);
        }
        std::fs::remove_file(&second).unwrap();
        std::fs::write(&second, "").unwrap();
        let mount = Mount::new(&second, &["--bind", &case.file().display().to_string()]);
        let ran = Ran::new(case.on(&second, &["up"]).output().unwrap());
        ran.expect(4).says(&["second.db", "mounted by itself", "its folder"]);
        drop(mount);
        case.ends_right(2);
    }
}

#[test]
fn who_holds_a_lock_of_sqlites_own_is_waited_for_and_then_told() {
    for case in Case::both() {
        for begin in ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"] {
            case.begin();
            case.target.migration(1, TABLE);
            case.run(&["up", "--to", "20260101-000001"]).expect(0);
            case.target.migration(2, &rows(10));
            let mut other = Command::new("sqlite3")
                .args(["-batch", "-interactive"])
                .arg(case.file())
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            let mut input = other.stdin.take().unwrap();
            // Whoever looks whether it has its lock may hold one itself at that moment.
            std::io::Write::write_all(&mut input, format!(".timeout 30000\n{begin};\n").as_bytes()).unwrap();
            until("the other process has its lock", || {
                let output = Command::new("sqlite3").arg("-batch").arg(case.file()).arg("BEGIN IMMEDIATE").output();
                !output.unwrap().status.success()
            });
            let name = case.file().display().to_string();
            let ran = case.run(&["up", "--lock-timeout", "100ms", "--attempts", "3"]).expect(1);
            let ran = ran.says(&[&name, "another process"]);
            if begin == "BEGIN IMMEDIATE" {
                ran.says(&["try 3 of 3"]);
            }
            drop(input);
            other.wait().unwrap();
            case.ends_right(2);
            std::fs::remove_dir_all(case.folder()).unwrap();
            std::fs::create_dir(case.folder()).unwrap();
            std::fs::remove_file(case.target.migrations().join("20260101-000002_shop_step_v1.up.sql")).unwrap();
        }
    }
}

#[test]
fn a_file_that_is_deleted_or_replaced_meanwhile_gets_nothing_and_is_not_called_migrated() {
    for case in Case::both() {
        for replaced in [false, true] {
            case.begin();
            case.target.migration(1, TABLE);
            // Long enough to replace a file, and it ends.
            let some_seconds = SLOW.replace("500000000", "3000000");
            case.target.migration(2, &format!("{}{some_seconds}", rows(1)));
            let child = case.driftlock(&["up"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            until("the second migration runs", || case.is_writing());
            let away = case.folder().join("away.db");
            std::fs::rename(case.file(), &away).unwrap();
            if replaced {
                case.sql("CREATE TABLE somebody_elses (id)");
            }
            let ran = Ran::new(child.wait_with_output().unwrap()).expect(1);
            let ran = ran.says(&[&case.file().display().to_string(), "deleted, moved or replaced"]);
            assert!(!ran.stdout.contains("applied 20260101-000002"), "{ran:?}");
            if replaced {
                assert_eq!(case.sql("SELECT count(*) FROM sqlite_schema"), "1", "the new file is left alone");
                std::fs::remove_file(case.file()).unwrap();
            }
            std::fs::remove_dir_all(case.folder()).unwrap();
            std::fs::create_dir(case.folder()).unwrap();
        }
    }
}

#[test]
fn what_stands_in_the_way_is_named() {
    let case = Case::one();
    case.target.migration(1, TABLE);
    let run = |path: &Path| Ran::new(case.on(path, &["up"]).output().unwrap());
    std::fs::create_dir(case.file()).unwrap();
    run(&case.file()).expect(1).says(&["data/shop.db", "this is a directory", "name one in it"]);
    std::fs::remove_dir(case.file()).unwrap();
    run(&case.target.path().join("nowhere/shop.db")).expect(1).says(&["nowhere doesn't exist", "make it"]);
    std::fs::write(case.target.path().join("plain"), "").unwrap();
    run(&case.target.path().join("plain/shop.db")).expect(1).says(&["plain", "Not a directory"]);
    for beside in ["shop.db-driftlock-lock", "shop.db-journal"] {
        std::fs::create_dir(case.folder().join(beside)).unwrap();
        run(&case.file()).expect(1).says(&["data/shop.db", "irectory"]);
        std::fs::remove_dir(case.folder().join(beside)).unwrap();
    }
    case.ends_right(1);
}

/// Without a journal nothing can be rolled back, and a crash loses the database.
#[test]
fn no_script_runs_without_a_journal() {
    for mode in ["OFF", "MEMORY"] {
        let case = Case::one();
        case.target.migration(
            1,
            &format!("PRAGMA journal_mode = {mode};\n{TABLE}\n{}INSERT INTO nowhere VALUES (1);\n", rows(10)),
        );
        case.run(&["up"]).expect(1).says(&["journal_mode", "rolled back"]);
        assert_eq!(case.sql("SELECT count(*) FROM sqlite_schema WHERE name = 'a'"), "0", "{mode}");
        case.target.migration(1, &format!("PRAGMA journal_mode = {mode};\n{TABLE}\n"));
        case.ends_right(1);
    }
    // What only says how the journal is kept is not carried into the next file.
    let case = Case::one();
    case.target.migration(1, "PRAGMA journal_mode = PERSIST;\nPRAGMA journal_mode;");
    case.target.migration(2, TABLE);
    case.ends_right(2);
}
