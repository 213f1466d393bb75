//! The migrations that every runner is given: a small shop in six versions, each with what some runner stumbles over.

use super::engine::Engine;

/// One version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// Its statements, each ending with a semicolon.
    pub(crate) up: &'static [&'static str],
    pub(crate) down: &'static [&'static str],
    /// Whether the engine refuses it inside a transaction.
    pub(crate) alone: bool,
}

/// How many versions are applied in most recordings; the others are pending.
pub(crate) const APPLIED: usize = 4;

impl Step {
    const fn new(name: &'static str, up: &'static [&'static str], down: &'static [&'static str]) -> Self {
        Step { name, up, down, alone: false }
    }

    pub(crate) fn up(&self) -> String {
        self.up.join("\n")
    }

    pub(crate) fn down(&self) -> String {
        self.down.join("\n")
    }

    /// A second statement that fails after a first one that doesn't, in place of what the step does.
    pub(crate) fn broken(self) -> Self {
        Step {
            up: &[
                "CREATE TABLE half_done (id INTEGER NOT NULL PRIMARY KEY);",
                "INSERT INTO no_such_table (id) VALUES (1);",
            ],
            ..self
        }
    }
}

/// The versions, in order.
pub(crate) fn story(engine: Engine) -> [Step; 6] {
    [
        Step::new("create_customers", create_customers(engine), &["DROP TABLE customers;"]),
        Step::new(
            "create_orders",
            create_orders(engine),
            match engine {
                Engine::Postgres | Engine::Sqlite => &["DROP INDEX orders_customer;", "DROP TABLE orders;"],
                // The index is the foreign key's own.
                Engine::MariaDb => &["DROP TABLE orders;"],
            },
        ),
        Step::new(
            "seed_customers",
            &[
                "INSERT INTO customers (id, email, name) VALUES (1, 'ada@example.com', 'Ada; of \"Lovelace\"');",
                "INSERT INTO customers (id, email, name) VALUES (2, 'flann@example.com', 'Flann O''Brien — née');",
            ],
            &["DELETE FROM customers WHERE id IN (1, 2);"],
        ),
        Step::new("count_orders", count_orders(engine), uncount_orders(engine)),
        Step::new(
            "create_order_totals",
            &[
                "CREATE VIEW order_totals AS SELECT customer_id, sum(amount) AS total FROM orders GROUP BY customer_id;",
                "INSERT INTO orders (id, customer_id, amount) VALUES (1, 1, 250), (2, 1, 100), (3, 2, 75);",
            ],
            &["DELETE FROM orders WHERE id IN (1, 2, 3);", "DROP VIEW order_totals;"],
        ),
        last_step(engine),
    ]
}

fn create_customers(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Postgres => &["CREATE TABLE customers (
    id bigint PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name text NOT NULL, -- as they write it; not split
    order_count integer NOT NULL DEFAULT 0
);"],
        Engine::MariaDb => &["CREATE TABLE customers (
    id bigint NOT NULL PRIMARY KEY,
    email varchar(200) NOT NULL UNIQUE,
    name varchar(100) NOT NULL, -- as they write it; not split
    order_count integer NOT NULL DEFAULT 0
);"],
        Engine::Sqlite => &["CREATE TABLE customers (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL, -- as they write it; not split
    order_count INTEGER NOT NULL DEFAULT 0
);"],
    }
}

fn create_orders(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Postgres | Engine::Sqlite => &[
            "CREATE TABLE orders (
    id bigint PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers (id),
    amount integer NOT NULL
);",
            "CREATE INDEX orders_customer ON orders (customer_id);",
        ],
        Engine::MariaDb => &[
            "CREATE TABLE orders (
    id bigint NOT NULL PRIMARY KEY,
    customer_id bigint NOT NULL,
    amount integer NOT NULL,
    KEY orders_customer (customer_id)
);",
            "ALTER TABLE orders ADD CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id);",
        ],
    }
}

fn count_orders(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Postgres => &[
            "CREATE FUNCTION count_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE customers SET order_count = order_count + 1 WHERE id = NEW.customer_id;
    RETURN NEW;
END
$$;",
            "CREATE TRIGGER orders_count AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION count_order();",
        ],
        Engine::MariaDb => &["CREATE TRIGGER orders_count AFTER INSERT ON orders FOR EACH ROW
BEGIN
    UPDATE customers SET order_count = order_count + 1 WHERE id = NEW.customer_id;
END;"],
        Engine::Sqlite => &["CREATE TRIGGER orders_count AFTER INSERT ON orders FOR EACH ROW
BEGIN
    UPDATE customers SET order_count = order_count + 1 WHERE id = NEW.customer_id;
END;"],
    }
}

fn uncount_orders(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Postgres => &["DROP TRIGGER orders_count ON orders;", "DROP FUNCTION count_order();"],
        Engine::MariaDb | Engine::Sqlite => &["DROP TRIGGER orders_count;"],
    }
}

fn last_step(engine: Engine) -> Step {
    match engine {
        Engine::Postgres => Step {
            alone: true,
            ..Step::new(
                "index_order_amounts",
                &["CREATE INDEX CONCURRENTLY orders_amount ON orders (amount);"],
                &["DROP INDEX CONCURRENTLY orders_amount;"],
            )
        },
        Engine::MariaDb => Step::new(
            "index_order_amounts",
            &["CREATE INDEX orders_amount ON orders (amount);"],
            &["DROP INDEX orders_amount ON orders;"],
        ),
        Engine::Sqlite => Step {
            alone: true,
            ..Step::new(
                "index_order_amounts",
                &["CREATE INDEX orders_amount ON orders (amount);", "VACUUM;"],
                &["DROP INDEX orders_amount;"],
            )
        },
    }
}

/// The last step for runners that know no way out of a transaction.
pub(crate) fn tame(step: Step, engine: Engine) -> Step {
    match engine {
        _ if !step.alone => step,
        Engine::Sqlite => Step { up: &["CREATE INDEX orders_amount ON orders (amount);"], alone: false, ..step },
        _ => Step {
            up: &["CREATE INDEX orders_amount ON orders (amount);"],
            down: &["DROP INDEX orders_amount;"],
            alone: false,
            ..step
        },
    }
}
