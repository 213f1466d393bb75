//! Statements that name a whole database, as the head of a dump does: a migration runs on the one that the URL names.

use driftlock_database::{Class, DatabaseAct};

use crate::plan::PlannedStatement;

const IS_THERE: &str = "it makes the database in hand, which is there";
const IS_CHOSEN: &str = "it chooses the database in hand, in which the session is already";
const STAYS: &str = "dropping the database in hand would drop driftlock's history too: what is in it stays";
const NOT_KNOWN: &str = "it is about a whole database, and which one is in hand isn't known here";

/// Takes out what is about the database in hand. Returns the statements that are about another one, or would leave none, with
/// what to say of them. Where no database is in hand (`validate`) nothing can be said against them.
pub(crate) fn resolve(statements: &mut [PlannedStatement], database: Option<&str>) -> Vec<(usize, String)> {
    let mut refused = Vec::new();
    for index in 0..statements.len() {
        let Class::Database { name, act } = &statements[index].classified.class else { continue };
        let Some(database) = database else {
            statements[index].taken_out = Some(NOT_KNOWN);
            continue;
        };
        if name != database {
            let does = match act {
                DatabaseAct::Create => "makes",
                DatabaseAct::Drop => "drops",
                DatabaseAct::Choose => "goes on in",
            };
            refused.push((
                index,
                format!(
                    "this {does} the database `{name}`, and migrations run on the one that the URL names, which is `{database}`: \
                     remove it (a dump of one database alone has no such statements), or run the file on `{name}`"
                ),
            ));
            continue;
        }
        let is_made_again = |later: &PlannedStatement| matches!(&later.classified.class, Class::Database { name, act: DatabaseAct::Create } if name == database);
        let taken_out = match act {
            DatabaseAct::Create => IS_THERE,
            DatabaseAct::Choose => IS_CHOSEN,
            DatabaseAct::Drop if statements[index + 1..].iter().any(is_made_again) => STAYS,
            DatabaseAct::Drop => {
                refused.push((
                    index,
                    format!(
                        "this would drop `{database}`, the database in hand, and driftlock's history with it: remove it, and drop what is in it instead"
                    ),
                ));
                continue;
            }
        };
        statements[index].taken_out = Some(taken_out);
    }
    refused
}

#[cfg(test)]
mod tests {
    use driftlock_database::Classified;
    use driftlock_script::Statement;

    use super::*;

    /// `make a`, `drop a`, `use a`: of each, whether it stays out, or that it is refused.
    fn told(statements: &[&str], database: Option<&str>) -> Vec<&'static str> {
        let mut planned: Vec<PlannedStatement> = statements
            .iter()
            .map(|statement| {
                let (act, name) = statement.split_once(' ').unwrap();
                let act = match act {
                    "make" => DatabaseAct::Create,
                    "drop" => DatabaseAct::Drop,
                    _ => DatabaseAct::Choose,
                };
                PlannedStatement {
                    statement: Statement { span: 0..1, line: 1, column: 1, copy_data: None },
                    classified: Classified::plain(Class::Database { name: name.to_owned(), act }),
                    transactional: false,
                    taken_out: None,
                    no_transaction: false,
                    rows: None,
                }
            })
            .collect();
        let refused = resolve(&mut planned, database);
        let is_refused = |at: usize| refused.iter().any(|(index, _)| *index == at);
        (0..planned.len())
            .map(|at| match planned[at].taken_out {
                Some(_) => "out",
                None if is_refused(at) => "refused",
                None => "runs",
            })
            .collect()
    }

    #[test]
    fn only_the_database_in_hand_may_be_named() {
        assert_eq!(told(&["drop a", "make a", "use a"], Some("a")), ["out", "out", "out"]);
        assert_eq!(told(&["drop a", "make a", "use a"], Some("b")), ["refused", "refused", "refused"]);
        assert_eq!(told(&["make a", "drop a"], Some("a")), ["out", "refused"]);
        assert_eq!(told(&["drop a", "use b"], None), ["out", "out"]);
        // Names of databases are exact.
        assert_eq!(told(&["use A"], Some("a")), ["refused"]);
    }
}
