//! Commands of the configuration: what they are told, how they end, and how they are ended.

use std::time::{Duration, Instant};

use crate::Hooked;
use crate::target::{ALL, Engine, Ran, Target, until};

fn hook(on: &str, command: &str, more: &str) -> String {
    format!("[[hook]]\non = \"{on}\"\ncommand = {command}\n{more}\n")
}

#[test]
fn they_are_told_by_variables_and_as_json() {
    for engine in ALL {
        let target = Target::new(engine);
        target.program(
            "tell.sh",
            "env | grep ^DRIFTLOCK_ | sort >>told; cat >>json; echo \"$1\" >>arguments; pwd >folder",
        );
        let all: String = ["before_migrate", "before_each", "after_each", "after_migrate", "on_error"]
            .map(|on| hook(on, "[\"./tell.sh\", \"$(echo no shell) *\"]", ""))
            .concat();
        target.configure(&all);
        target.migration(1, "CREATE TABLE users (id integer PRIMARY KEY);");
        target.migration(2, "CREATE TABLE orders (u integer REFERENCES users (id));");
        target.migration(3, "SELECT * FROM no_such_table;");
        let ran =
            Ran::new(target.command(&["up"]).env("DRIFTLOCK_SHADOW_URL", "postgres://x:c4nary@y/z").output().unwrap());
        ran.expect(1);
        let told = target.lines("told").join("\n");
        assert!(!told.contains("secret") && !told.contains("c4nary") && !told.contains("URL"), "{told}");
        assert_eq!(target.lines("arguments"), ["$(echo no shell) *"; 7]);
        let json = std::fs::read_to_string(target.path().join("json")).unwrap();
        let all: Vec<serde_json::Value> =
            serde_json::Deserializer::from_str(&json).into_iter().collect::<Result<_, _>>().unwrap();
        let events: Vec<&str> = all.iter().map(|it| it["event"].as_str().unwrap()).collect();
        assert_eq!(
            events,
            ["before_migrate", "before_each", "after_each", "before_each", "after_each", "before_each", "on_error"],
            "{engine:?}"
        );
        assert_eq!(all[0]["migrations"].as_array().unwrap().len(), 3);
        assert_eq!(all[0]["tables"], serde_json::json!(["no_such_table", "orders", "users"]));
        assert_eq!(all[3]["migrations"][0]["tables"], serde_json::json!(["orders", "users"]));
        assert_eq!(all[3]["environment"], "dev");
        assert_eq!(all[6]["error"]["code"], "DL0205");
        let error = all[6]["error"]["message"].as_str().unwrap();
        assert!(error.contains("no_such_table") && error.contains("step_v1.up.sql:1:"), "{error}");
        for line in [
            "DRIFTLOCK_HOOK_EVENT=before_each",
            "DRIFTLOCK_HOOK_VERSION=20260101-000002",
            "DRIFTLOCK_HOOK_NAME=shop_step_v1",
            "DRIFTLOCK_HOOK_FILE=migrations/20260101-000002_shop_step_v1.up.sql",
            "DRIFTLOCK_HOOK_DIRECTION=up",
            "DRIFTLOCK_HOOK_ENVIRONMENT=dev",
            "DRIFTLOCK_HOOK_TABLES_COMPLETE=true",
            "DRIFTLOCK_HOOK_ERROR_CODE=DL0205",
            &format!("DRIFTLOCK_HOOK_ENGINE={}", ["sqlite", "postgres", "mysql"][engine as usize]),
        ] {
            assert!(target.lines("told").contains(&line.to_owned()), "{line} is missing in\n{told}");
        }
        let folder = std::fs::canonicalize(target.path()).unwrap();
        assert_eq!(target.lines("folder"), [folder.display().to_string()]);
    }
}

#[test]
fn none_runs_when_nothing_is_pending_or_for_a_look_or_elsewhere() {
    let target = Target::new(Engine::Sqlite);
    target.program("tell.sh", "echo ran >>told");
    target.configure(&format!(
        "{}{}{}",
        hook("before_migrate", "\"x\"", "env = [\"prod\"]").replace("\"x\"", "[\"./no-such-program\"]"),
        hook("before_migrate", "[\"./tell.sh\"]", "env = [\"dev\"]"),
        "[env.prod]\nurl = \"sqlite://x.db\"\n"
    ));
    target.migration(1, "CREATE TABLE a (id integer);");
    for arguments in [&["plan"][..], &["up", "--dry-run"], &["status"]] {
        target.configured(&[arguments, &["--env", "dev"]].concat()).expect(0);
        assert_eq!(target.lines("told"), [""; 0]);
    }
    target.configured(&["up", "--env", "dev"]).expect(0);
    target.configured(&["up", "--env", "dev"]).expect(0);
    assert_eq!(target.lines("told"), ["ran"]);
    target.configured(&["up", "--env", "prod"]).expect(1).says(&["no-such-program` can't be started"]);
    let typo = target.lines("driftlock.toml").join("\n").replace("env = [\"dev\"]", "env = [\"devv\"]");
    std::fs::write(target.path().join("driftlock.toml"), typo).unwrap();
    target.configured(&["up", "--env", "dev"]).expect(2).says(&["no environment `devv`", "did you mean `dev`"]);
}

#[test]
fn one_that_fails_stops_the_run_and_says_what_it_said() {
    for engine in ALL {
        for (on, done, database) in [
            ("before_migrate", "0", "the database is not changed: no migration had begun"),
            ("before_each", "0", "the database is not changed by migrations/20260101-000001"),
            ("after_each", "1", "what had run is committed, recorded, and stays"),
            ("after_migrate", "2", "what had run is committed, recorded, and stays"),
        ] {
            let target = Target::new(engine);
            target.program(
                "fail.sh",
                "exec >&2; echo first; for i in 1 2 3 4 5 6 7 8 9 10; do echo line $i; done; printf last; exit 3",
            );
            target.configure(&hook(on, "[\"./fail.sh\"]", ""));
            target.migration(1, "CREATE TABLE a (id integer);");
            target.migration(2, "CREATE TABLE b (id integer);");
            let ran = target.configured(&["up"]).expect(1);
            let ran = ran.says(&[&format!("{on} ./fail.sh: line 10"), "`./fail.sh` failed: exit status 3", database]);
            let (_, last) = ran.stderr.split_once("last output: ").unwrap();
            assert!(last.contains("line 2") && last.contains("last") && !last.contains("first"), "{last}");
            let applied = if on == "before_migrate" { "0".to_owned() } else { target.history("state = 'done'") };
            assert_eq!(applied, done, "{engine:?} {on}");
            let json = target.configured(&["up", "--format", "json"]);
            if done != "2" {
                json.expect(1).says(&["\"code\": \"DL0308\"", "exit status 3"]);
            }
            target.program("fail.sh", "exit 0");
            target.configured(&["up"]).expect(0);
            assert_eq!(target.history("state = 'done'"), "2");
        }
    }
}

#[test]
fn one_that_is_killed_or_takes_too_long_is_told_so() {
    let target = Target::new(Engine::Sqlite);
    target.migration(1, "CREATE TABLE a (id integer);");
    target.program("end.sh", "kill -9 $$");
    target.configure(&hook("before_migrate", "[\"./end.sh\"]", ""));
    target.configured(&["up"]).expect(1).says(&["was killed by signal 9"]);
    // What it started in the background ends with it.
    target.program("end.sh", "(sleep 60; echo too late >late) & echo $! >child; sleep 60");
    target.configure(&hook("before_migrate", "[\"./end.sh\"]", "timeout = \"300ms\""));
    let began = Instant::now();
    target.configured(&["up"]).expect(1).says(&["took longer than its timeout of 300 ms"]);
    assert!(began.elapsed() < Duration::from_secs(20));
    let child = target.lines("child").join("");
    until("the child is gone", || !is_alive(&child));
    // One that won't listen is killed.
    target.program("end.sh", "trap '' TERM; while true; do sleep 1; done");
    target.configured(&["up"]).expect(1).says(&["took longer than its timeout of 300 ms"]);
    // What stays in the background and holds the output is not waited for.
    target.program("end.sh", "sleep 60 & echo $! >child");
    target.configure(&hook("before_migrate", "[\"./end.sh\"]", ""));
    target.configured(&["up"]).expect(0);
    std::process::Command::new("kill").arg(target.lines("child").join("")).status().unwrap();
}

fn is_alive(pid: &str) -> bool {
    // One that has ended and that nobody has asked after is there by name alone.
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    state.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

#[test]
fn a_signal_ends_the_command_and_the_run_in_good_order() {
    for engine in ALL {
        for (on, done) in [("before_migrate", "0"), ("before_each", "0"), ("after_each", "1"), ("after_migrate", "1")] {
            let target = Target::new(engine);
            target.program(
                "slow.sh",
                "trap 'echo ended >>told; exit 1' TERM; echo $$ >pid; echo begun >>told; sleep 60 & wait",
            );
            target.configure(&format!(
                "{}{}",
                hook(on, "[\"./slow.sh\"]", ""),
                hook("on_error", "[\"touch\", \"on_error\"]", "")
            ));
            target.migration(1, "CREATE TABLE a (id integer);");
            let child = target.command(&["up"]).spawn().unwrap();
            until("it runs", || target.lines("told") == ["begun"]);
            std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
            let began = Instant::now();
            Ran::new(child.wait_with_output().unwrap()).expect(143).says(&["interrupted"]);
            assert!(began.elapsed() < Duration::from_secs(7), "{engine:?} {on}");
            assert_eq!(target.lines("told"), ["begun", "ended"], "{engine:?} {on}");
            assert!(!is_alive(&target.lines("pid").join("")));
            assert!(!target.path().join("on_error").exists(), "stopping is no error");
            assert_eq!(target.history("state = 'done'"), done, "{engine:?} {on}");
            // The lock was given back.
            target.program("slow.sh", "exit 0");
            target.configured(&["up", "--lock-wait", "0"]).expect(0);
        }
    }
}

#[test]
fn the_url_is_handed_to_who_asks_and_shown_to_nobody() {
    for engine in ALL {
        let target = Target::new(engine);
        let login = target.url.split_once('@').map(|(login, _)| login);
        let password = login.and_then(|login| login.rsplit(':').next()).unwrap_or("nothing");
        let leak = format!(
            "echo \"$DRIFTLOCK_HOOK_URL\" | tee url; echo \"it is {password}\" >&2; echo postgres://a:s3cr3t@b/c; exit 1"
        );
        target.program("leak.sh", &leak);
        target.configure(&hook("before_migrate", "[\"./leak.sh\"]", "url = true"));
        target.migration(1, "CREATE TABLE a (id integer);");
        let ran = target.configured(&["up"]).expect(1);
        assert_eq!(target.lines("url").concat(), target.url, "{engine:?}");
        for text in [&ran.stdout, &ran.stderr] {
            assert!(!text.contains("s3cr3t"), "{text}");
            assert!(engine == Engine::Sqlite || !text.contains(password), "{text}");
        }
        // Without the key it is asked for in vain.
        target.configure(&hook("before_migrate", "[\"./leak.sh\"]", ""));
        let ran = target.configured(&["up"]).expect(1);
        assert_eq!(target.lines("url"), [""]);
        // It knows the password from elsewhere: it is masked all the same.
        for text in [&ran.stdout, &ran.stderr] {
            assert!(engine == Engine::Sqlite || !text.contains(password), "{text}");
        }
    }
}

#[test]
fn a_command_may_call_the_program_and_the_engines_clients() {
    for engine in ALL {
        let target = Target::new(engine);
        let program = env!("CARGO_BIN_EXE_driftlock");
        target.program("status.sh", &format!("{program} status >status"));
        target.configure(&hook("before_each", "[\"./status.sh\"]", ""));
        target.migration(1, "CREATE TABLE a (id integer);");
        target.configured(&["up"]).expect(0);
        assert!(target.lines("status").join("\n").contains("20260101-000001"), "{engine:?}");
    }
}

#[test]
fn endless_and_strange_output_is_no_matter() {
    let target = Target::new(Engine::Sqlite);
    target.migration(1, "CREATE TABLE a (id integer);");
    target.program("much.sh", "head -c 3000000 /dev/zero | tr '\\0' x; printf '\\n\\033[2Jred\\377\\r\\n'; yes");
    target.configure(&hook("before_migrate", "[\"./much.sh\"]", "timeout = \"1s\""));
    let ran = Ran { stderr: String::new(), ..target.configured(&["up", "--quiet"]).expect(1) };
    assert_eq!(ran.stdout, "");
    target.program("much.sh", "printf '\\033[2Jred\\377\\r\\nnext'; cat <&- ; exec <&-; sleep 0.1");
    target.configure(&hook("before_migrate", "[\"./much.sh\"]", ""));
    let ran = target.configured(&["up"]).expect(0);
    let ran = ran.says(&["before_migrate ./much.sh: [2Jred\u{fffd}", "before_migrate ./much.sh: next"]);
    assert!(!ran.stderr.contains('\u{1b}'), "{:?}", ran.stderr);
}
