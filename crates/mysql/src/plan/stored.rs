//! What is kept as a text: routines, views, triggers and events.

use std::collections::BTreeMap;

use driftlock_database::{CreateError, Hazard, PlanError, Step};
use driftlock_schema::{Attributes, Id, Object, Pair, Part};

use super::{Plan, alone};
use crate::create::{order, stored};
use crate::inspect::text::string;
use crate::parse::quote;

impl Plan<'_> {
    /// A statement in the session that what it makes keeps.
    fn make(&mut self, step: Step, said: &Attributes) {
        let mut made = Vec::new();
        let id = step.object.clone();
        // Whose it is may be said by few, where it is another's.
        let is_anothers = said.text("definer").is_some_and(|definer| definer != driftlock_schema::SELF);
        let step = if is_anothers { step.hazards([Hazard::NeedsPrivileges]) } else { step };
        self.session.make(&id, said, step.sql.clone(), &mut |id, sql| made.push(alone(id.clone(), sql)));
        if let Some(last) = made.last_mut() {
            *last = Step { sql: last.sql.clone(), ..step };
        }
        self.steps.extend(made);
    }

    /// What would run meanwhile, or has a name that is wanted.
    pub(super) fn stored_go(&mut self) -> Result<(), PlanError> {
        for old in self.removed("event") {
            let step = alone(old.id(), drop_of("EVENT", &old.name.name)).hazards([Hazard::BreaksRunningCode]);
            self.push(with_inverse(step, &old.attributes, stored::event(old)?), &[]);
        }
        for (old, new) in self.altered("table") {
            let stay = staying(old, new);
            for trigger in stored::triggers(old).into_iter().filter(|it| !stay.contains(&it.name.as_str())) {
                let step = alone(old.id(), drop_of("TRIGGER", &trigger.name));
                self.push(with_inverse(step, &trigger.attributes, stored::trigger(old, trigger)?), &[]);
            }
        }
        for old in self.removed("view") {
            let step = alone(old.id(), drop_of("VIEW", &old.name.name)).hazards([Hazard::BreaksRunningCode]);
            self.push(with_inverse(step, &old.attributes, stored::view(old)?), &[]);
        }
        Ok(())
    }

    pub(super) fn routines(&mut self) -> Result<(), PlanError> {
        for kind in ["function", "procedure"] {
            let word = kind.to_ascii_uppercase();
            for old in self.removed(kind) {
                let step = alone(old.id(), drop_of(&word, &old.name.name)).hazards([Hazard::BreaksRunningCode]);
                self.push(with_inverse(step, &old.attributes, stored::routine(old)?), &[]);
            }
            for (old, new) in self.altered(kind) {
                if let Some(sql) = characteristics(old, new) {
                    let mut step = alone(new.id(), sql);
                    step.inverse = characteristics(new, old);
                    self.push(step, &[]);
                    continue;
                }
                let step = alone(old.id(), drop_of(&word, &old.name.name)).hazards([Hazard::BreaksRunningCode]);
                self.push(with_inverse(step, &old.attributes, stored::routine(old)?), &[]);
                self.made(new.id(), &new.attributes, stored::routine(new)?, drop_of(&word, &new.name.name));
            }
            for new in self.added(kind) {
                self.made(new.id(), &new.attributes, stored::routine(new)?, drop_of(&word, &new.name.name));
            }
        }
        Ok(())
    }

    fn made(&mut self, id: Id, said: &Attributes, sql: String, inverse: String) {
        self.make(alone(id, sql).inverse(inverse), said);
    }

    /// Each after those that it reads. One that is replaced keeps who may use it.
    pub(super) fn views(&mut self) -> Result<(), PlanError> {
        if !self
            .differing
            .iter()
            .any(|pair| matches!(pair, Pair::Added(it) | Pair::Altered(_, it) if it.kind == "view"))
        {
            return Ok(());
        }
        for new in order::views(self.to) {
            match self.from.get(&new.id()) {
                None => {
                    self.made(new.id(), &new.attributes, stored::view(new)?, drop_of("VIEW", &new.name.name));
                }
                Some(old) if old.attributes != new.attributes => {
                    let step = alone(new.id(), replaced(new)?);
                    let step = with_inverse(step, &old.attributes, replaced(old)?);
                    self.make(step, &new.attributes);
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    pub(super) fn triggers(&mut self) -> Result<(), PlanError> {
        let added = self.added("table").into_iter().map(|new| (None, new));
        let altered = self.altered("table").into_iter().map(|(old, new)| (Some(old), new));
        let mut tables: Vec<(Option<&Object>, &Object)> = added.chain(altered).collect();
        tables.sort_by_key(|(_, table)| &table.name);
        for (old, new) in tables {
            let mut there = old.map(|old| staying(old, new)).unwrap_or_default();
            let all = stored::triggers(new);
            for (at, trigger) in all.iter().enumerate() {
                if there.contains(&trigger.name.as_str()) {
                    continue;
                }
                let mut sql = stored::trigger(new, trigger)?;
                // Made without a word it fires last.
                let alike = |it: &&&Part| occasion(it) == occasion(trigger);
                let next = all[at + 1..].iter().filter(alike).find(|it| there.contains(&it.name.as_str()));
                if let Some(next) = next {
                    sql = sql.replacen(" FOR EACH ROW ", &format!(" FOR EACH ROW PRECEDES {} ", quote(&next.name)), 1);
                }
                there.push(&trigger.name);
                self.made(new.id(), &trigger.attributes, sql, drop_of("TRIGGER", &trigger.name));
            }
        }
        Ok(())
    }

    pub(super) fn events(&mut self) -> Result<(), PlanError> {
        for new in self.added("event") {
            self.made(new.id(), &new.attributes, stored::event(new)?, drop_of("EVENT", &new.name.name));
        }
        for (old, new) in self.altered("event") {
            // No word takes the end away.
            if old.attributes.get("ends").is_some() && new.attributes.get("ends").is_none() {
                let step = alone(old.id(), drop_of("EVENT", &old.name.name));
                self.push(with_inverse(step, &old.attributes, stored::event(old)?), &[]);
                self.made(new.id(), &new.attributes, stored::event(new)?, drop_of("EVENT", &new.name.name));
                continue;
            }
            let step = with_inverse(alone(new.id(), event(old, new)?), &old.attributes, event(new, old)?);
            self.make(step, &new.attributes);
        }
        Ok(())
    }
}

fn drop_of(kind: &str, name: &str) -> String {
    format!("DROP {kind} {}", quote(name))
}

/// With what brings it back as it was, where that keeps nothing of the session that made it.
fn with_inverse(step: Step, said: &Attributes, sql: String) -> Step {
    let kept = ["sql_mode", "character_set_client", "collation_connection", "database_collation", "time_zone"];
    let is_usual = kept.iter().all(|name| said.get(name).is_none());
    if is_usual { step.inverse(sql) } else { step }
}

fn replaced(view: &Object) -> Result<String, CreateError> {
    Ok(stored::view(view)?.replacen("CREATE", "CREATE OR REPLACE", 1))
}

/// When a trigger fires.
fn occasion(trigger: &Part) -> (Option<&str>, Option<&str>) {
    (trigger.attributes.text("timing"), trigger.attributes.text("event"))
}

/// The triggers that needn't go: they are what they were, and fire in the order in which they did.
fn staying<'s>(old: &Object, new: &'s Object) -> Vec<&'s str> {
    let plainly = |trigger: &Part| {
        let mut said = trigger.attributes.clone();
        said.remove("position");
        said
    };
    let before: BTreeMap<&str, usize> =
        stored::triggers(old).into_iter().enumerate().map(|(at, it)| (it.name.as_str(), at)).collect();
    let mut stay = Vec::new();
    let mut last: BTreeMap<(Option<&str>, Option<&str>), usize> = BTreeMap::new();
    for trigger in stored::triggers(new) {
        let is_same = old.part("trigger", &trigger.name).is_some_and(|was| plainly(was) == plainly(trigger));
        let Some(place) = before.get(trigger.name.as_str()).filter(|_| is_same) else { continue };
        let last = last.entry(occasion(trigger)).or_default();
        if *place >= *last {
            *last = *place;
            stay.push(trigger.name.as_str());
        }
    }
    stay
}

/// The statement that alters a routine, where nothing else differs than it takes.
fn characteristics(old: &Object, new: &Object) -> Option<String> {
    let plainly = |routine: &Object| {
        let mut said = routine.attributes.clone();
        for name in ["comment", "security", "data_access"] {
            said.remove(name);
        }
        said
    };
    if plainly(old) != plainly(new) {
        return None;
    }
    let said = &new.attributes;
    let differs = |name: &str| old.attributes.get(name) != said.get(name);
    let mut sql = format!("ALTER {} {}", new.kind.as_str().to_ascii_uppercase(), quote(&new.name.name));
    if differs("data_access") {
        let access = said.text("data_access").unwrap_or("contains sql");
        sql.push_str(&format!(" {}", access.to_ascii_uppercase()));
    }
    if differs("security") {
        let security = said.text("security").unwrap_or("definer");
        sql.push_str(&format!(" SQL SECURITY {}", security.to_ascii_uppercase()));
    }
    if differs("comment") {
        sql.push_str(&format!(" COMMENT {}", string(said.text("comment").unwrap_or_default())));
    }
    Some(sql)
}

/// `ALTER EVENT` with what differs. Its definer is whoever alters it, where nobody is named.
fn event(old: &Object, new: &Object) -> Result<String, CreateError> {
    let said = &new.attributes;
    let differs = |names: &[&str]| names.iter().any(|name| old.attributes.get(name) != said.get(name));
    let mut sql = format!("ALTER{} EVENT {}", stored::definer(said), quote(&new.name.name));
    if differs(&["at", "every", "starts", "ends", "time_zone"]) {
        sql.push_str(&format!(" ON SCHEDULE{}", stored::schedule(new)?));
    }
    sql.push_str(stored::completion(new));
    if differs(&["status"]) {
        sql.push_str(stored::status(new));
    }
    if differs(&["comment"]) {
        sql.push_str(&format!(" COMMENT {}", string(said.text("comment").unwrap_or_default())));
    }
    // The session's settings are kept along with the body alone.
    if differs(&["body", "sql_mode", "character_set_client", "collation_connection", "database_collation"]) {
        sql.push_str(&format!(" DO {}", crate::create::needed(&new.id(), said, "body")?));
    }
    Ok(sql)
}
