//! The server's own account of a database: what `SHOW CREATE` says of every table, view, routine, event and sequence, and the catalog of triggers and of
//! indexes' methods.
//!
//! Left out is what two databases of one make differ in: the next value of AUTO_INCREMENT and of sequences, when something was made or altered
//! (and an event's start where it is that moment), the order of keys and constraints, the database's own name, and the letters of a text that its
//! normal form leaves out. An index's `USING` is not what somebody wrote, which an engine may pass over, but the method that it has.

use driftlock_database::{Census, CensusKey, Error};
use driftlock_schema::{Facet, Id, Name};
use driftlock_script::{Token, TokenKind};

use crate::connect::Product;
use crate::definer::Own;
use crate::inspect::Settings;
use crate::normal::normal;
use crate::parse::{identifier, parts, quote, words};
use crate::session::MySqlSession;
use crate::tables::literal;
use crate::wire::{TextRow, Wire, text};

pub(crate) async fn take(session: &mut MySqlSession) -> Result<Census, Error> {
    let (database, product) = (session.database().to_owned(), session.product());
    let settings = Settings::fix(&mut session.wire).await?;
    let census = whole(&mut session.wire, &database, product).await;
    settings.put_back(&mut session.wire).await?;
    census
}

async fn whole(wire: &mut Wire, database: &str, product: Product) -> Result<Census, Error> {
    let own = Own::read(wire, database).await?;
    let mut taker = Taker { wire, database, here: literal(database), product, own, census: Census::default() };
    taker.database().await?;
    taker.relations().await?;
    taker.indexes().await?;
    taker.routines().await?;
    if product.has_libraries() {
        taker.libraries().await?;
    }
    taker.triggers().await?;
    taker.events().await?;
    Ok(taker.census)
}

struct Taker<'a> {
    wire: &'a mut Wire,
    database: &'a str,
    here: String,
    product: Product,
    own: Own,
    census: Census,
}

impl Taker<'_> {
    fn say(&mut self, object: &Id, about: impl Into<String>, said: String) {
        self.census.entries.insert(CensusKey::new(object.clone(), about), said);
    }

    fn say_facet(&mut self, object: &Id, about: impl Into<String>, facet: Facet, said: String) {
        if !said.is_empty() {
            self.census.entries.insert(CensusKey::new(object.clone(), about).facet(facet), said);
        }
    }

    fn say_definer(&mut self, object: &Id, about: &str, definer: &str) {
        let definer = self.own.name(definer);
        self.say_facet(object, about, Facet::Definers, definer);
    }

    /// `SHOW CREATE` of an object; what the server says instead where it can't show it.
    async fn shown(&mut self, kind: &str, name: &str) -> Result<TextRow, Error> {
        let sql = format!("SHOW CREATE {kind} {}.{}", quote(self.database), quote(name));
        match self.wire.row(&sql).await {
            Ok(row) => Ok(row.unwrap_or_default()),
            Err(Error::Server(error)) => Ok(vec![None, Some(error.message.clone()), Some(error.message)]),
            Err(error) => Err(error),
        }
    }

    async fn database(&mut self) -> Result<(), Error> {
        let comment = if self.product.is_mariadb { "SCHEMA_COMMENT" } else { "''" };
        let encryption = if self.product.encrypts_databases() { "DEFAULT_ENCRYPTION" } else { "'NO'" };
        let sql = format!(
            "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME, {comment}, {encryption} FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {}",
            self.here
        );
        let row = self.wire.row(&sql).await?.unwrap_or_default();
        let database = Id::new("database", Name::new(""));
        self.say(&database, "", format!("{} {}", text(&row, 0), text(&row, 1)));
        self.say(&database, "encrypted", text(&row, 3).to_owned());
        self.say_facet(&database, "", Facet::Comments, text(&row, 2).to_owned());
        Ok(())
    }

    async fn relations(&mut self) -> Result<(), Error> {
        let sql = format!("SHOW FULL TABLES FROM {}", quote(self.database));
        for row in self.wire.rows(&sql).await? {
            let name = text(&row, 0);
            match text(&row, 1) {
                "VIEW" => self.view(name).await?,
                "SEQUENCE" => {
                    let account = self.shown("SEQUENCE", name).await?;
                    let id = Id::new("sequence", Name::new(name));
                    let (said, comment) = without_comment(&words(text(&account, 1)));
                    self.say(&id, "", said);
                    self.say_facet(&id, "", Facet::Comments, comment);
                }
                _ => {
                    let account = self.shown("TABLE", name).await?;
                    self.table(name, text(&account, 1));
                    self.census.tables.push(name.to_owned());
                }
            }
        }
        if self.product.is_mariadb {
            let sql = format!(
                "SELECT G_TABLE_NAME, G_GEOMETRY_COLUMN, SRID FROM information_schema.GEOMETRY_COLUMNS WHERE F_TABLE_SCHEMA = {0} AND G_TABLE_SCHEMA = {0}",
                self.here
            );
            for row in self.wire.rows(&sql).await? {
                let id = Id::new("table", Name::new(text(&row, 0)));
                self.say(&id, format!("reference system of column {}", text(&row, 1)), text(&row, 2).to_owned());
            }
        }
        Ok(())
    }

    fn table(&mut self, name: &str, sql: &str) {
        let id = Id::new("table", Name::new(name));
        let tokens = words(sql);
        let open = tokens.iter().position(|token| token.text == "(").unwrap_or(tokens.len());
        let mut depth = 0usize;
        let close = tokens.iter().enumerate().skip(open).find_map(|(at, token)| {
            match token.text {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            (depth == 0).then_some(at)
        });
        let Some(close) = close else {
            // It is what the server says instead.
            return self.say(&id, "", sql.to_owned());
        };
        let mut columns = Vec::new();
        for definition in parts(&tokens[open + 1..close]) {
            let (said, comment) = without_comment(definition);
            let is_column = definition.first().is_some_and(|token| token.kind == TokenKind::QuotedIdentifier);
            let head = definition.iter().take_while(|token| token.text != "(").map(|token| token.text);
            let about = match definition.first().and_then(identifier).filter(|_| is_column) {
                Some(column) => {
                    columns.push(column.clone());
                    format!("column {column}")
                }
                None => head.collect::<Vec<_>>().join(" "),
            };
            let about = about.replace(" USING HASH", "").replace(" USING BTREE", "");
            let said = if is_column { said } else { said.replace(" USING HASH", "").replace(" USING BTREE", "") };
            self.say(&id, about.clone(), self.bare(&said));
            self.say_facet(&id, about, Facet::Comments, comment);
        }
        self.say(&id, "order of columns", columns.join(", "));
        let mut rest: Vec<Token<'_>> = tokens[close + 1..].to_vec();
        if let Some(at) = rest.windows(2).position(|pair| pair[0].is("AUTO_INCREMENT") && pair[1].text == "=") {
            rest.drain(at..(at + 3).min(rest.len()));
        }
        let engines = options_of_engines(&mut rest);
        let (said, comment) = without_comment(&rest);
        self.say(&id, "", said);
        if !engines.is_empty() {
            self.say(&id, "options of its engine", engines);
        }
        self.say_facet(&id, "", Facet::Comments, comment);
    }

    /// A text without the database's name before others'.
    fn bare(&self, said: &str) -> String {
        said.replace(&format!("{} . ", quote(self.database)), "")
    }

    async fn view(&mut self, name: &str) -> Result<(), Error> {
        let account = self.shown("VIEW", name).await?;
        let id = Id::new("view", Name::new(name));
        let (said, definer) = without_definer(words(text(&account, 1)));
        let said = format!("{} {} {}", self.bare(&joined(&said)), text(&account, 2), text(&account, 3));
        self.say(&id, "", said);
        self.say_definer(&id, "", &definer);
        Ok(())
    }

    /// The method that an index really has.
    async fn indexes(&mut self) -> Result<(), Error> {
        let sql = format!(
            "SELECT DISTINCT TABLE_NAME, INDEX_NAME, INDEX_TYPE FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = {}",
            self.here
        );
        for row in self.wire.rows(&sql).await? {
            let id = Id::new("table", Name::new(text(&row, 0)));
            self.say(&id, format!("method of {}", text(&row, 1)), text(&row, 2).to_owned());
        }
        Ok(())
    }

    async fn routines(&mut self) -> Result<(), Error> {
        let sql = format!(
            "SELECT ROUTINE_TYPE, ROUTINE_NAME, DEFINER, ROUTINE_COMMENT FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {}",
            self.here
        );
        for row in self.wire.rows(&sql).await? {
            let (kind, name) = (text(&row, 0), text(&row, 1));
            let account = self.shown(kind, name).await?;
            let id = Id::new(kind.split(' ').next().unwrap_or_default().to_ascii_lowercase(), Name::new(name));
            let mode = text(&account, 1);
            let text_of = text(&account, 2);
            let (mut tokens, _) = without_definer(words(text_of));
            let mut comment = String::new();
            if !text(&row, 3).is_empty()
                && let Some(at) =
                    tokens.windows(2).position(|pair| pair[0].is("COMMENT") && pair[1].kind == TokenKind::String)
            {
                comment = tokens[at + 1].text.to_owned();
                tokens.drain(at..at + 2);
            }
            // Parameters stand there as somebody wrote them.
            let tokens = if kind.starts_with("PACKAGE") { tokens } else { without_parameters(tokens) };
            let said = normal(&joined(&tokens), mode);
            let more: Vec<&str> = [1, 3, 4, 5].map(|column| text(&account, column)).to_vec();
            self.say(&id, kind, format!("{said}\n{}", more.join("\n")));
            self.say_facet(&id, kind, Facet::Comments, comment);
            self.say_definer(&id, kind, text(&row, 2));
        }
        let sql = format!(
            "SELECT ROUTINE_TYPE, SPECIFIC_NAME, ORDINAL_POSITION, PARAMETER_MODE, PARAMETER_NAME, DTD_IDENTIFIER, CHARACTER_SET_NAME, \
             COLLATION_NAME FROM information_schema.PARAMETERS WHERE SPECIFIC_SCHEMA = {}",
            self.here
        );
        for row in self.wire.rows(&sql).await? {
            let id = Id::new(text(&row, 0).to_ascii_lowercase(), Name::new(text(&row, 1)));
            let said: Vec<&str> = (3..8).map(|column| text(&row, column)).collect();
            self.say(&id, format!("parameter {}", text(&row, 2)), said.join(" "));
        }
        Ok(())
    }

    async fn libraries(&mut self) -> Result<(), Error> {
        let sql = format!("SELECT LIBRARY_NAME FROM information_schema.LIBRARIES WHERE LIBRARY_SCHEMA = {}", self.here);
        for row in self.wire.rows(&sql).await? {
            let account = self.shown("LIBRARY", text(&row, 0)).await?;
            self.say(
                &Id::new("library", Name::new(text(&row, 0))),
                "",
                account.iter().flatten().cloned().collect::<Vec<_>>().join("\n"),
            );
        }
        Ok(())
    }

    async fn triggers(&mut self) -> Result<(), Error> {
        let sql = format!("SHOW TRIGGERS FROM {}", quote(self.database));
        let orders = format!(
            "SELECT TRIGGER_NAME, ACTION_ORDER, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = {}",
            self.here
        );
        let orders = self.wire.rows(&orders).await?;
        for row in self.wire.rows(&sql).await? {
            // Trigger, Event, Table, Statement, Timing, Created, sql_mode, Definer, character_set_client, collation_connection, Database Collation
            let name = text(&row, 0);
            let order = orders.iter().find(|order| text(order, 0) == name).map(|order| text(order, 1).to_owned());
            let id = Id::new("table", Name::new(text(&row, 2)));
            let mode = text(&row, 6);
            let body = normal(text(&row, 3), mode);
            let more: Vec<&str> = [4, 1, 6, 8, 9, 10].map(|column| text(&row, column)).to_vec();
            self.say(
                &id,
                format!("trigger {name}"),
                format!("{body}\n{}\n{}", more.join("\n"), order.unwrap_or_default()),
            );
            self.say_definer(&id, &format!("trigger {name}"), text(&row, 7));
        }
        Ok(())
    }

    async fn events(&mut self) -> Result<(), Error> {
        let since =
            |moment: &str| format!("CAST(UNIX_TIMESTAMP(STARTS) AS SIGNED) - CAST(UNIX_TIMESTAMP({moment}) AS SIGNED)");
        let is_then = |moment: &str| {
            format!(
                "IFNULL(CAST(UNIX_TIMESTAMP(CONVERT_TZ(STARTS, TIME_ZONE, '+00:00')) AS SIGNED) - CAST(UNIX_TIMESTAMP({moment}) AS SIGNED) \
                 BETWEEN -1 AND 1, (({0}) MOD 900 = 0 AND ({0}) BETWEEN -50400 AND 50400))",
                since(moment)
            )
        };
        let sql = format!(
            "SELECT EVENT_NAME, DEFINER, EVENT_COMMENT, {} OR {} FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {}",
            is_then("CREATED"),
            is_then("LAST_ALTERED"),
            self.here
        );
        for row in self.wire.rows(&sql).await? {
            let name = text(&row, 0);
            // Event, sql_mode, time_zone, Create Event, character_set_client, collation_connection, Database Collation
            let account = self.shown("EVENT", name).await?;
            let id = Id::new("event", Name::new(name));
            let (mut tokens, _) = without_definer(words(text(&account, 3)));
            let mut comment = String::new();
            if !text(&row, 2).is_empty()
                && let Some(at) =
                    tokens.windows(2).position(|pair| pair[0].is("COMMENT") && pair[1].kind == TokenKind::String)
            {
                comment = tokens[at + 1].text.to_owned();
                tokens.drain(at..at + 2);
            }
            if text(&row, 3) == "1"
                && let Some(at) = tokens.iter().position(|token| token.is("STARTS"))
            {
                tokens.drain(at..(at + 2).min(tokens.len()));
            }
            let said = normal(&joined(&tokens), text(&account, 1));
            let more: Vec<&str> = [1, 2, 4, 5, 6].map(|column| text(&account, column)).to_vec();
            self.say(&id, "", format!("{said}\n{}", more.join("\n")));
            self.say_facet(&id, "", Facet::Comments, comment);
            self.say_definer(&id, "", text(&row, 1));
        }
        Ok(())
    }
}

/// The texts of tokens, one space between.
fn joined(tokens: &[Token<'_>]) -> String {
    let mut said = String::new();
    for (at, token) in tokens.iter().enumerate() {
        // A host belongs to its user.
        if at > 0 && token.kind != TokenKind::Variable {
            said.push(' ');
        }
        said.push_str(token.text);
    }
    said
}

/// A definition without its comments (`COMMENT 'a'`, `COMMENT = 'a'`), and these, each behind the partition that it is of.
fn without_comment(tokens: &[Token<'_>]) -> (String, String) {
    let (mut kept, mut comments, mut partition) = (Vec::new(), Vec::new(), "");
    let mut at = 0;
    while at < tokens.len() {
        let sign = usize::from(tokens.get(at + 1).is_some_and(|token| token.text == "="));
        let value = tokens.get(at + 1 + sign).filter(|value| value.kind == TokenKind::String);
        if let (true, Some(value)) = (tokens[at].is("COMMENT"), value) {
            comments.push(format!("{partition}{}", value.text));
            at += 2 + sign;
            continue;
        }
        if tokens[at].is("PARTITION") || tokens[at].is("SUBPARTITION") {
            partition = tokens.get(at + 1).map_or("", |name| name.text);
        }
        kept.push(tokens[at]);
        at += 1;
    }
    (joined(&kept), comments.join("\n"))
}

/// Takes out the options that are an engine's own (`` `page_compressed`='1' ``), which stand in the order and the letters in which they were given.
fn options_of_engines(tokens: &mut Vec<Token<'_>>) -> String {
    let mut options = Vec::new();
    while let Some(at) =
        tokens.windows(2).position(|pair| pair[0].kind == TokenKind::QuotedIdentifier && pair[1].text == "=")
    {
        let option: Vec<Token<'_>> = tokens.drain(at..(at + 3).min(tokens.len())).collect();
        let value = option.get(2).map_or("", |value| value.text);
        options.push(format!("{} = {value}", option[0].text.to_ascii_lowercase()));
    }
    options.sort();
    options.join(" ")
}

/// A statement without DEFINER, and the account that it named, as `information_schema` prints it.
fn without_definer(mut tokens: Vec<Token<'_>>) -> (Vec<Token<'_>>, String) {
    let Some(at) = tokens.iter().take(4).position(|token| token.is("DEFINER")) else { return (tokens, String::new()) };
    let is_next = |token: &Token<'_>| {
        ["SQL", "VIEW", "FUNCTION", "PROCEDURE", "AGGREGATE", "EVENT", "PACKAGE", "TRIGGER"]
            .iter()
            .any(|word| token.is(word))
    };
    let end = tokens.iter().skip(at).position(is_next).map_or(tokens.len(), |behind| at + behind);
    let account: Vec<String> = tokens[(at + 2).min(end)..end]
        .iter()
        .map(|token| match token.text.strip_prefix('@') {
            Some(host) => format!("@{}", host.trim_matches(['`', '"', '\''])),
            None => identifier(token).unwrap_or_default(),
        })
        .collect();
    tokens.drain(at..end);
    (tokens, account.concat())
}

/// A routine without what stands in the first parentheses.
fn without_parameters(mut tokens: Vec<Token<'_>>) -> Vec<Token<'_>> {
    let Some(open) = tokens.iter().position(|token| token.text == "(") else { return tokens };
    let mut depth = 0usize;
    let close = tokens.iter().enumerate().skip(open).find_map(|(at, token)| {
        match token.text {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(at)
    });
    tokens.drain(open..=close.unwrap_or(open));
    tokens
}
