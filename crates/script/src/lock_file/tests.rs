use std::sync::Arc;

use driftlock_schema::{Code, Name, Object, Part, Value};

use super::*;
use crate::{Memory, Values};

fn schema() -> Schema {
    let mut users = Object::new("table", Name::within("public", "Odd \"users\"")).with("comment", "ä\n\t\u{1F600}");
    users.parts.push(Part::new("column", "id").with("type", "bigint").with("not_null", true));
    users.parts.push(Part::new("column", "rank").with("type", "integer").with("default", 3));
    let key = Part::new("primary_key", "users_pkey").with("columns", vec!["id"]);
    users.parts.push(key.with("options", Value::map([("fillfactor", 70)])));
    users.requires.push(Id::new("schema", Name::new("public")));
    let body = Code::new("BEGIN\n  RETURN 1;\n\nEND", "begin return 1 ; end");
    let function = Object::new("function", Name::within("public", "f").signature("integer")).with("body", body);
    let one_line = Object::new("view", Name::new("v")).with("definition", Code::new("SELECT 1", "select 1"));
    let mut schema = Schema::new("postgres");
    schema.extend([users, function, one_line]);
    schema
}

fn lock() -> LockFile {
    let (schema, filter) = (schema(), Filter::new().exclude("table:partman_*".parse().unwrap()));
    let all: BTreeMap<Id, Option<Fingerprint>> =
        schema.iter().map(|(id, object)| (id.clone(), Some(object.fingerprint()))).collect();
    let gone = Id::new("table", Name::within("public", "gone"));
    let first = BTreeMap::from([(gone.clone(), Some(Fingerprint::of(b"gone")))]);
    let then = Fingerprint::of_objects("postgres", [Fingerprint::of(b"gone")]);
    let fingerprint = schema.fingerprint();
    let migration =
        |version: &str, fingerprint, changed| LockedMigration { version: version.to_owned(), fingerprint, changed };
    LockFile {
        engine: "postgres".to_owned(),
        version: "PostgreSQL 15.3".to_owned(),
        database: [("collation".to_owned(), "utf8mb4_bin".to_owned())].into(),
        files: Fingerprint::of(b"files"),
        filter,
        values: [("prefix".to_owned(), Some("a".to_owned())), ("secret".to_owned(), None)].into(),
        fingerprint,
        empty: BTreeMap::new(),
        migrations: vec![
            migration("1", then, first),
            migration("2", then, BTreeMap::new()),
            migration("3", fingerprint, all.into_iter().chain([(gone, None)]).collect()),
        ],
        schema: schema.into(),
    }
}

#[test]
fn comes_back_as_it_was_and_is_the_same_text_again() {
    let (lock, text) = (lock(), lock().to_text().unwrap());
    let back = LockFile::parse(&text, "schema.lock").unwrap();
    assert_eq!(back, lock);
    assert_eq!(back.to_text().unwrap(), text);
    let compact = serde_json::from_str::<serde_json::Value>(&text).unwrap().to_string();
    assert_eq!(LockFile::parse(&compact, "schema.lock").unwrap(), lock, "however it is spaced");
    assert_eq!(LockFile::parse(&text.replace('\n', "\r\n"), "schema.lock").unwrap(), lock);
}

#[test]
fn a_column_and_a_line_of_code_each_stand_on_a_line() {
    let text = lock().to_text().unwrap();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    for line in [
        "{\"kind\": \"column\", \"name\": \"id\", \"attributes\": {\"not_null\": true, \"type\": \"bigint\"}},",
        "\"  RETURN 1;\",",
        "{\"version\": \"2\", \"fingerprint\": \"THEN\", \"changed\": {}},",
        "\"exclude\": [",
        "\"table:partman_*\"",
    ] {
        let line = line.replace("THEN", &lock().migrations[1].fingerprint.to_string());
        assert!(lines.contains(&line.as_str()), "{line}\n{text}");
    }
    assert!(!text.contains("secret\": \""));
}

#[test]
fn knows_what_there_is_after_each_migration() {
    let lock = lock();
    let names = |count| lock.expected_after(count).keys().map(|id| id.name.name.clone()).collect::<Vec<_>>();
    assert_eq!((names(0), names(1), names(2)), (vec![], vec!["gone".to_owned()], vec!["gone".to_owned()]));
    assert_eq!(names(3).len(), 3);
    for (count, migration) in lock.migrations.iter().enumerate() {
        let expected = lock.expected_after(count + 1).into_values().copied();
        assert_eq!(Fingerprint::of_objects("postgres", expected), migration.fingerprint);
    }
}

#[test]
fn an_edited_lock_is_an_error_wherever_it_was_edited() {
    let text = lock().to_text().unwrap();
    let edits = [
        ("\"bigint\"", "\"integer\""),
        ("  RETURN 1;", "  RETURN 2;"),
        ("PostgreSQL 15.3", "PostgreSQL 15.4"),
        ("partman_*", "*"),
        ("\"prefix\": \"a\"", "\"prefix\": \"b\""),
        ("\"version\": \"1\"", "\"version\": \"0\""),
        ("\"requires\": [\"schema:public\"]", "\"requires\": []"),
        ("\"table:public.gone\": null", "\"table:public.gone2\": null"),
    ];
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        let error = LockFile::parse(&text.replacen(from, to, 1), "db/schema.lock").unwrap_err();
        assert!(matches!(error, LockFileError::Edited { .. }), "{from}: {error}");
        assert!(error.to_string().contains("driftlock lock"), "{error}");
    }
    let error = LockFile::parse(&text.replacen("\"bigint\"", "\"integer\"", 1), "db/schema.lock").unwrap_err();
    assert!(error.to_string().contains("table:public.\"Odd \"\"users\"\"\" isn't as its fingerprint says"), "{error}");
}

#[test]
fn no_byte_can_be_another_without_an_error() {
    let (lock, text) = (lock(), lock().to_text().unwrap());
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'7' { b'8' } else { b'7' };
        if let Ok(text) = String::from_utf8(bytes)
            && let Ok(read) = LockFile::parse(&text, "schema.lock")
        {
            assert_eq!(read, lock, "byte {at}");
        }
        if text.is_char_boundary(at) && at + 1 < text.len() {
            let cut = LockFile::parse(&text[..at], "schema.lock");
            assert!(cut.is_err() || cut.unwrap() == lock, "cut at {at}");
        }
    }
}

#[test]
fn a_checksum_that_fits_something_wrong_vouches_for_nothing() {
    let whole = lock().to_text().unwrap();
    let (body, _) = whole.split_once("  \"checksum\"").unwrap();
    for (from, to, reason) in [
        ("\"bigint\"", "\"integer\"", "isn't as its fingerprint says"),
        ("\"schema\": {\"engine\": \"postgres\"", "\"schema\": {\"engine\": \"mysql\"", "it names two engines"),
        ("\"kind\": \"view\"", "\"sort\": \"view\"", "it is no lock file"),
        ("\"objects\": [", "\"objects\": 1, \"others\": [", "it is no lock file"),
    ] {
        assert!(body.contains(from), "{from}");
        let body = body.replacen(from, to, 1);
        let text = body.clone() + &last_line(&Fingerprint::of(body.as_bytes()));
        let lock = LockFile::parse(&text, "schema.lock").unwrap();
        let error = lock.schema().unwrap_err();
        assert!(error.to_string().contains(reason), "{from}: {error}");
        assert_eq!(lock.into_schema().unwrap_err(), error);
    }
}

#[test]
fn says_where_a_merge_left_its_marks_and_that_a_newer_one_is_needed() {
    let text = lock().to_text().unwrap();
    let merged = text.replacen("  \"files\"", "<<<<<<< HEAD\n  \"files\"", 1);
    let error = LockFile::parse(&merged, "db/schema.lock").unwrap_err().to_string();
    let line = text.lines().take_while(|line| !line.starts_with("  \"files\"")).count() + 1;
    assert!(error.starts_with(&format!("db/schema.lock:{line}:1: a merge has left marks")), "{error}");
    let newer = text.replacen("\"format\": 1", "\"format\": 2, \"more\": []", 1);
    let error = LockFile::parse(&newer, "db/schema.lock").unwrap_err();
    assert_eq!(error, LockFileError::Format { file: "db/schema.lock".to_owned(), found: 2 });
    let error = LockFile::parse("{\n  \"format\": 1,\n}", "db/schema.lock").unwrap_err().to_string();
    assert!(error.starts_with("db/schema.lock:3:1: it is no lock file: trailing comma"), "{error}");
}

#[test]
fn is_stale_when_a_file_or_a_value_is_another() {
    let files = |text: &str| {
        let files = Memory::new()
            .with("V1__a.sql", text)
            .with("hooks/after_migrate.sql", "SELECT 1;")
            .with("seeds/a.sql", text);
        Migrations::load(Arc::new(files), Some(crate::Layout::Flyway)).unwrap()
    };
    let with = |value: &str| Values {
        placeholders: [("prefix".to_owned(), value.to_owned()), ("secret".to_owned(), "x".to_owned())].into(),
        ..Values::default()
    };
    let migrations = files("SELECT '${prefix}';").with_values(with("a"));
    let lock = LockFile { files: migrations.digest().unwrap(), ..lock() };
    assert_eq!(lock.stale(&migrations).unwrap(), None);
    assert_eq!(lock.stale(&files("SELECT '${prefix}' ;")).unwrap(), Some(Stale::Files));
    let other = files("SELECT '${prefix}';").with_values(with("b"));
    let value = Stale::Value { name: "prefix".to_owned(), then: "a".to_owned() };
    assert_eq!(lock.stale(&other).unwrap(), Some(value));
}

#[test]
fn the_digest_is_what_sha256sum_says_of_what_it_says() {
    let files =
        Memory::new().with("1_b.up.sql", "SELECT 1;\n").with("1_b.down.sql", "SELECT 2;\n").with("notes.md", "x");
    let migrations = Migrations::load(Arc::new(files), None).unwrap();
    let line = |text: &[u8], name: &str| format!("{}  {name}\n", crate::raw_sha256(text));
    let said = line(b"SELECT 2;\n", "1_b.down.sql") + &line(b"SELECT 1;\n", "1_b.up.sql");
    assert_eq!(migrations.digest().unwrap().to_string(), crate::raw_sha256(said.as_bytes()));
}

#[test]
fn is_written_whole_and_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let directory = Directory::new(folder.path()).shown_as("db");
    std::fs::write(folder.path().join("1_a.up.sql"), "SELECT 1;").unwrap();
    let read = || Migrations::load(Arc::new(directory.clone()), None).unwrap().lock_file();
    assert_eq!(read().unwrap(), None);
    lock().write(&directory).unwrap();
    assert_eq!(read().unwrap(), Some(lock()));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left");
    std::fs::write(folder.path().join(LOCK_FILE), b"\xff").unwrap();
    assert_eq!(read().unwrap_err().to_string(), "db/schema.lock:1:1: it is no UTF-8; `driftlock lock` writes it anew");
}
