//! Tables of databases: whether a row can be there.

use super::facts::Foreign;
use super::heap::{Key, Origin, Store, part};
use super::texts::PARTIAL;
use super::value::{ANY, Atom, NOTHING, Outcome, Value};
use super::world::World;
use crate::code::link::NONE;

impl World<'_> {
    /// `SQLiteDatabase`.
    pub(super) fn database(
        &mut self,
        node: u32,
        unit: u32,
        facts: &Foreign,
        args: &[Value],
    ) -> Option<Outcome> {
        let name = facts.name.as_str();
        let first = args.get(1).copied().unwrap_or(ANY);
        match name {
            "insert"
            | "insertOrThrow"
            | "insertWithOnConflict"
            | "replace"
            | "replaceOrThrow"
            | "update"
            | "updateWithOnConflict" => {
                self.fill_tables(first);
                Some((ANY, true))
            }
            "execSQL" | "execPerConnectionSQL" => {
                self.run_statement(first);
                Some((NOTHING, true))
            }
            "compileStatement" => {
                self.run_statement(first);
                None
            }
            "query" | "rawQuery" => self.query(node, unit, name, args),
            _ => None,
        }
    }

    /// Rows are put into tables; one whose name is not known may be any.
    fn fill_tables(&mut self, names: Value) {
        let known = self.heap.known_texts(names, &self.values);
        for name in known.unwrap_or(vec![NONE]) {
            let table = match name {
                NONE => NONE,
                name => {
                    let table = table_of(self.heap.text_of(name)).to_lowercase();
                    self.heap.text(&table)
                }
            };
            let store = self.store(Store::Table, table);
            self.write(Key::Contents(store), ANY);
        }
    }

    /// A statement runs, or is made to be run.
    fn run_statement(&mut self, sql: Value) {
        if sql == ANY {
            return self.fill_tables(ANY);
        }
        for number in self.values.texts(sql) {
            let text = self.heap.text_of(number);
            let known = text.strip_prefix(PARTIAL).unwrap_or(text);
            match stores_of(known) {
                Stores::Nothing => {}
                Stores::Table => {
                    let one = self.values.one(Atom::Text(number));
                    self.fill_tables(one);
                }
                Stores::Some => self.fill_tables(ANY),
            }
        }
    }

    /// A cursor over what is asked for.
    fn query(&mut self, node: u32, unit: u32, name: &str, args: &[Value]) -> Option<Outcome> {
        let asked = self.heap.known_texts(*args.get(1)?, &self.values)?;
        if asked.is_empty() {
            return None;
        }
        let mut rows = Rows::Table;
        let mut tables = Vec::new();
        for number in asked {
            let text = self.heap.text_of(number);
            rows = rows.max(match name {
                "rawQuery" => rows_of(text),
                _ if text.contains(|c: char| !c.is_alphanumeric() && c != '_') => Rows::Any,
                _ => Rows::Table,
            });
            tables.push(table_of(text).to_lowercase());
        }
        if name == "query" {
            rows = rows.max(self.rows_of_columns(node, args.get(2).copied()?));
        }
        let kind = self.program.find_type(b"Landroid/database/Cursor;");
        let object = self.object_at(node, unit, kind.unwrap_or(NONE));
        let computed = match rows {
            Rows::Table => NOTHING,
            Rows::Count => self.values.integer(1),
            Rows::Any => ANY,
        };
        self.write(Key::Element(object, part::COMPUTED), computed);
        for table in tables {
            let table = self.heap.text(&table);
            let store = self.store(Store::Table, table);
            let value = self.values.one(Atom::Object(store));
            self.write(Key::Holder(object), value);
        }
        Some((self.values.one(Atom::Object(object)), true))
    }

    /// The rows that a list of columns gives.
    fn rows_of_columns(&mut self, node: u32, columns: Value) -> Rows {
        let mut all = if columns == ANY { ANY } else { NOTHING };
        for array in self.values.objects(columns) {
            let own = self.read(Key::Elements(array), node);
            all = self.values.join(all, own);
        }
        let Some(texts) = self.heap.known_texts(all, &self.values) else {
            return Rows::Any;
        };
        let texts = texts.into_iter();
        let rows = texts.map(|text| rows_of_list(&self.heap.text_of(text).to_lowercase()));
        rows.max().unwrap_or(Rows::Table)
    }

    /// A cursor over a table of the app gives nothing as long as nothing was stored there.
    pub(super) fn cursor(&mut self, node: u32, facts: &Foreign, args: &[Value]) -> Option<Outcome> {
        let receiver = *args.first()?;
        let cursors = self.values.objects(receiver);
        if cursors.is_empty() || receiver == ANY || facts.result.starts_with('L') {
            return None;
        }
        let (mut filled, mut computed) = (false, NOTHING);
        for cursor in cursors {
            let tables = self.read(Key::Holder(cursor), node);
            for table in self.values.objects(tables) {
                if let Origin::Store(_, name) = self.heap.objects[table as usize].origin {
                    filled |= self.is_filled(node, Store::Table, name);
                }
            }
            let own = self.read(Key::Element(cursor, part::COMPUTED), node);
            computed = self.values.join(computed, own);
        }
        if filled || computed == ANY || facts.result == "V" {
            return Some((ANY, true));
        }
        // A count has one row, whatever it counts.
        if computed != NOTHING && !facts.name.starts_with("get") {
            return Some((ANY, true));
        }
        let empty = matches!(facts.name.as_str(), "isAfterLast" | "isClosed");
        Some((self.values.integer(i64::from(empty)), true))
    }

    /// `DatabaseUtils.queryNumEntries`.
    pub(super) fn count_rows(&mut self, node: u32, args: &[Value]) -> Option<Outcome> {
        for text in self.heap.known_texts(*args.get(1)?, &self.values)? {
            let table = self.heap.text_of(text).to_lowercase();
            let table = self.heap.text(&table);
            if self.is_filled(node, Store::Table, table) {
                return Some((ANY, true));
            }
        }
        Some((self.values.integer(0), true))
    }
}

/// The rows that a query gives as long as its table is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rows {
    /// None.
    Table,
    /// One, whose numbers are 0.
    Count,
    /// Nobody knows.
    Any,
}

/// The rows of a statement.
fn rows_of(sql: &str) -> Rows {
    let sql = sql.to_lowercase();
    let words: Vec<&str> = sql
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .collect();
    let selects = words.iter().filter(|&&word| word == "select").count();
    let mixes = ["union", "values", "right", "full", "with", "pragma"];
    if words.first() != Some(&"select") || selects > 1 || words.iter().any(|w| mixes.contains(w)) {
        return Rows::Any;
    }
    let spaced = sql.split_whitespace().collect::<Vec<&str>>().join(" ");
    match spaced.split_once(" from ") {
        Some((list, _)) => rows_of_list(list.trim_start_matches("select").trim()),
        None => Rows::Any,
    }
}

/// The rows of a list of columns, in small letters.
fn rows_of_list(list: &str) -> Rows {
    let Some((function, rest)) = list.split_once('(') else {
        return Rows::Table;
    };
    let alone = rest.split_once(')').is_some_and(|(_, behind)| {
        behind
            .chars()
            .all(|c| c.is_alphanumeric() || " _".contains(c))
    });
    match function.trim() {
        "count" | "sum" | "total" | "max" | "min" | "avg" if alone => Rows::Count,
        _ => Rows::Any,
    }
}

/// What a statement stores rows in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stores {
    Nothing,
    /// The table that it names.
    Table,
    /// Some table: others come with a view or trigger.
    Some,
}

fn stores_of(sql: &str) -> Stores {
    let sql = sql.to_lowercase();
    let mut words = sql
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty());
    match words.next().unwrap_or_default() {
        "insert" | "replace" | "update" => Stores::Table,
        "create" if !words.any(|word| matches!(word, "view" | "trigger" | "select")) => {
            Stores::Nothing
        }
        "alter" if !words.any(|word| word == "rename") => Stores::Nothing,
        "drop" | "delete" | "pragma" | "begin" | "commit" | "end" | "vacuum" | "analyze"
        | "attach" | "detach" | "reindex" | "rollback" | "savepoint" | "release" | "select" => {
            Stores::Nothing
        }
        _ => Stores::Some,
    }
}

/// The table that a statement is about; a plain name is one.
fn table_of(sql: &str) -> &str {
    let mut words = sql.split_whitespace();
    let mut found = sql;
    while let Some(word) = words.next() {
        let word = word.to_lowercase();
        if matches!(word.as_str(), "from" | "into" | "update") {
            found = words.next().unwrap_or_default();
            if word == "update" && found.eq_ignore_ascii_case("or") {
                found = words.nth(1).unwrap_or_default();
            }
            break;
        }
    }
    let found = found.split('(').next().unwrap_or_default();
    let found = found.rsplit('.').next().unwrap_or(found);
    found.trim_matches(|c: char| !c.is_alphanumeric() && c != '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables() {
        assert_eq!(table_of("consent"), "consent");
        assert_eq!(table_of("SELECT ok FROM consent WHERE 1"), "consent");
        assert_eq!(table_of("INSERT INTO consent(ok) VALUES(1)"), "consent");
        assert_eq!(
            table_of("UPDATE OR REPLACE main.`consent` SET ok=1"),
            "consent"
        );
    }

    #[test]
    fn rows_of_empty_tables() {
        assert_eq!(rows_of("SELECT ok, version FROM consent"), Rows::Table);
        assert_eq!(rows_of("select count(*) as n from consent"), Rows::Count);
        assert_eq!(rows_of("SELECT max(version) FROM consent"), Rows::Count);
        for sql in [
            "SELECT 1",
            "SELECT ifnull(max(ok), 1) FROM consent",
            "SELECT count(*) = 0 FROM consent",
            "SELECT ok FROM consent UNION ALL SELECT 1",
            "SELECT * FROM (SELECT 1)",
        ] {
            assert_eq!(rows_of(sql), Rows::Any, "{sql}");
        }
    }

    #[test]
    fn statements_that_store() {
        assert_eq!(stores_of(" insert into a VALUES(1)"), Stores::Table);
        assert_eq!(stores_of("CREATE TABLE a(b)"), Stores::Nothing);
        assert_eq!(stores_of("DELETE FROM a"), Stores::Nothing);
        assert_eq!(stores_of("CREATE VIEW a AS SELECT 1"), Stores::Some);
        assert_eq!(
            stores_of("WITH x AS (SELECT 1) INSERT INTO a SELECT 1"),
            Stores::Some
        );
    }
}
