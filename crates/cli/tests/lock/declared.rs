//! `baseline` on databases that are, and aren't, what the versions make.

use crate::target::ALL;
use crate::{by_hand, lock, shop, with_shadow};

const CUSTOMER: &str = "CREATE TABLE customer (id integer NOT NULL PRIMARY KEY, email varchar(40) NOT NULL)";
const ORDERS: &str = "CREATE TABLE orders (id integer NOT NULL PRIMARY KEY, total integer)";
const SECOND: &str = "20260101-000002";

#[test]
fn a_database_that_is_what_the_versions_make_is_declared() {
    for engine in ALL {
        for locked in [true, false] {
            let target = shop(engine);
            by_hand(&target, CUSTOMER);
            by_hand(&target, ORDERS);
            let ran = if locked {
                lock(&target).expect(0);
                target.run(&["baseline", SECOND])
            } else {
                with_shadow(&target, &["baseline", SECOND])
            };
            let ran = ran.expect(0).says(&["2 migrations declared as applied"]);
            assert!(!ran.stderr.contains("not compared"), "{}", ran.stderr);
            target.run(&["up"]).expect(0);
            with_shadow(&target, &["check", "--database"]).expect(0);
        }
    }
}

#[test]
fn a_database_that_is_something_else_is_refused_unless_that_is_accepted_with_a_reason() {
    for engine in ALL {
        let target = shop(engine);
        by_hand(&target, CUSTOMER);
        let ran = with_shadow(&target, &["baseline", SECOND]).expect(4);
        ran.says(&[
            "the database isn't what these versions make",
            "orders: is missing",
            "--accept-difference",
            "nothing was changed",
        ]);
        with_shadow(&target, &["baseline", SECOND, "--accept-difference"]).expect(2).says(&["--reason"]);
        let ran = with_shadow(&target, &["baseline", SECOND, "--accept-difference", "--reason", "orders come later"])
            .expect(0);
        ran.says(&["orders: is missing", "which was accepted"]);
        let reason = target.value("SELECT reason FROM driftlock_history WHERE sequence = 1");
        assert_eq!(reason, "orders come later; with 1 difference from what it makes");
        // Accepting it is no way to be rid of it.
        with_shadow(&target, &["check", "--database"]).expect(3).says(&["orders: is missing"]);
    }
}

#[test]
fn where_nothing_can_be_replayed_it_is_said_that_nothing_was_compared() {
    for engine in ALL {
        let target = shop(engine);
        by_hand(&target, CUSTOMER);
        target.migration(2, "INSERT INTO nowhere VALUES (1);\n");
        let ran = with_shadow(&target, &["baseline", SECOND]).expect(0);
        ran.says(&["the database was not compared with a replay of these versions", "nowhere"]);
    }
}
