//! MySQL's and MariaDB's statements.

use driftlock_script::Dialect::MySql;

use crate::check;

#[test]
fn statements() {
    check(
        MySql,
        &[
            ("nothing", "\n", &[]),
            ("empty statements", ";;a;;", &["a"]),
            ("no terminator", "a;\nb # c\n", &["a", "b"]),
            ("byte order mark", "\u{feff}a;b", &["a", "b"]),
            ("quotes", "a ';''\\';' \";\"\"\\\";\" `;``;\\`; b", &["a ';''\\';' \";\"\"\\\";\" `;``;\\`", "b"]),
            ("comments", "a # ;\n -- ;\n /* ; /* ; */ b; c", &["a # ;\n -- ;\n /* ; /* ; */ b", "c"]),
            ("minus minus is no comment", "a 1--2; b", &["a 1--2", "b"]),
            ("hints", "SELECT /*+ x('; */ 1; b", &["SELECT /*+ x('; */ 1", "b"]),
            ("variables", "SET @`a;` = 1, @';' = 2; b", &["SET @`a;` = 1, @';' = 2", "b"]),
            (
                "transactions are plain",
                "BEGIN; a; COMMIT; BEGIN WORK; START TRANSACTION; XA END 'x'; b",
                &["BEGIN", "a", "COMMIT", "BEGIN WORK", "START TRANSACTION", "XA END 'x'", "b"],
            ),
            (
                "an executable comment",
                "/*!40101 SET a = 1 */;\n/*! b; */; c",
                &["/*!40101 SET a = 1 */", "/*! b; */", "c"],
            ),
            ("one at the end", "a /*!50100 PARTITION BY KEY (b) */; c", &["a /*!50100 PARTITION BY KEY (b) */", "c"]),
            ("one in front", "/*! a */ b; c", &["/*! a */ b", "c"]),
            ("empty ones", "/*!*/; /*!50100 -- x\n */; a", &["a"]),
            (
                "the head of a dump of MariaDB",
                "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump\n/*!40101 SET a = 1 */;",
                &["/*!40101 SET a = 1 */"],
            ),
            ("MariaDB's", "/*M!100100 a; */ ; b", &["/*M!100100 a; */", "b"]),
            (
                "one for no server is a comment",
                "/*M!999999\\- enable the sandbox mode */ \na; /*!999999 it's /* ; */ ; */ b; /*!99999 \" */ c",
                &["a", "b", "c"],
            ),
            ("comments in one", "/*!50100 a /* ; */ -- */\n b */; c", &["/*!50100 a /* ; */ -- */\n b */", "c"]),
            (
                "strings of all kinds",
                "a N';' x'3b' b';' _utf8mb4';' n'\\';'; b",
                &["a N';' x'3b' b';' _utf8mb4';' n'\\';'", "b"],
            ),
            ("NULL as the client has it", "SELECT \\N;a", &["SELECT \\N", "a"]),
            (
                "USE ends with its line",
                "USE a\nb; use `c` -- d\ne; USE f; g",
                &["USE a", "b", "use `c`", "e", "USE f", "g"],
            ),
        ],
    );
}

#[test]
fn delimiters() {
    check(
        MySql,
        &[
            (
                "slashes",
                "DELIMITER //\nCREATE PROCEDURE p() BEGIN a; b; END//\nDELIMITER ;\nc;",
                &["CREATE PROCEDURE p() BEGIN a; b; END", "c"],
            ),
            (
                "dollars behind a word",
                "delimiter $$\nCREATE TRIGGER t BEGIN a; END$$\nb 1$$ c$$",
                &["CREATE TRIGGER t BEGIN a; END", "b 1", "c"],
            ),
            (
                "a last semicolon",
                "DELIMITER //\nCREATE PROCEDURE p() BEGIN a; END; //\n;//\n",
                &["CREATE PROCEDURE p() BEGIN a; END"],
            ),
            (
                "two semicolons, as mysqldump writes them",
                "DELIMITER ;;\n/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN x; END */;;\nDELIMITER ;\nb;",
                &[
                    "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN x; END */",
                    "b",
                ],
            ),
            (
                "a plain statement ends with ; too",
                "DELIMITER $$\nDROP PROCEDURE IF EXISTS p;\nCREATE PROCEDURE p() BEGIN a; END$$\n",
                &["DROP PROCEDURE IF EXISTS p", "CREATE PROCEDURE p() BEGIN a; END"],
            ),
            (
                "not in quotes or comments",
                "DELIMITER //\na '//' -- //\n/* // */ `//`// b",
                &["a '//' -- //\n/* // */ `//`", "b"],
            ),
            (
                "a word",
                "DELIMITER go\nCREATE PROCEDURE p() BEGIN SELECT category; END\ngo\nb go",
                &["CREATE PROCEDURE p() BEGIN SELECT category; END", "b"],
            ),
            ("quoted", "DELIMITER '//'\na// b", &["a", "b"]),
            ("one bar", "DELIMITER |\na| b|", &["a", "b"]),
            (
                "bodies aren't read",
                "DELIMITER //\nCREATE PROCEDURE p AS x INT; BEGIN a; END//\nCREATE PACKAGE k AS a; b; END//\nc",
                &["CREATE PROCEDURE p AS x INT; BEGIN a; END", "CREATE PACKAGE k AS a; b; END", "c"],
            ),
            (
                "never put back",
                "DELIMITER //\na//\nCREATE PROCEDURE p() BEGIN b; END",
                &["a", "CREATE PROCEDURE p() BEGIN b; END"],
            ),
            ("with a comment", "DELIMITER // -- to the end\na//\n  Delimiter ; # back\nb;c", &["a", "b", "c"]),
            ("a name", "SELECT 1 AS\nDELIMITER ; b", &["SELECT 1 AS\nDELIMITER", "b"]),
        ],
    );
}

/// Each is one statement, followed by another.
#[test]
fn bodies_without_delimiter() {
    let bodies = [
        "CREATE PROCEDURE p() BEGIN a; b; END",
        "create or replace definer=root@localhost procedure if not exists p(in a int, out b enum('x;')) begin a; end",
        "CREATE DEFINER = CURRENT_USER() FUNCTION f() RETURNS INT DETERMINISTIC BEGIN RETURN 1; END",
        "CREATE DEFINER='a b'@'%' PROCEDURE p() COMMENT 'begin' SQL SECURITY INVOKER BEGIN a; END",
        "CREATE DEFINER=`a` @ `b` PROCEDURE p() BEGIN a; END",
        "CREATE AGGREGATE FUNCTION f(x INT) RETURNS INT BEGIN LOOP FETCH GROUP NEXT ROW; END LOOP; END",
        "CREATE PROCEDURE p() outer_block: BEGIN BEGIN a; END; inner_block: BEGIN b; END inner_block; END outer_block",
        "CREATE PROCEDURE p() BEGIN IF a THEN b; ELSEIF c THEN d; ELSE e; END IF; f; END",
        "CREATE PROCEDURE p() BEGIN SELECT IF(a, b, c); SET x = IF(1, REPEAT('a', 2), 3); DROP TABLE IF EXISTS t; END",
        "CREATE PROCEDURE p() BEGIN CASE a WHEN 1 THEN b; WHEN 2 THEN BEGIN b; c; END; ELSE c; END CASE; d; END",
        "CREATE PROCEDURE p() BEGIN CASE WHEN CASE a WHEN 1 THEN 2 END THEN b; END CASE; SELECT CASE 1 WHEN 1 THEN CASE 2 WHEN 2 THEN 3 END ELSE 4 END AS end; c; END",
        "CREATE PROCEDURE p() BEGIN SELECT t.case, t.end, begin, end FROM t; SET end = 1; a; END",
        "CREATE PROCEDURE p() BEGIN l: LOOP a; IF b THEN LEAVE l; END IF; ITERATE l; END LOOP l; c; END",
        "CREATE PROCEDURE p() BEGIN REPEAT a; UNTIL b > CASE 1 WHEN 1 THEN 2 END END REPEAT; c; END",
        "CREATE PROCEDURE p() BEGIN WHILE a DO b; DO SLEEP(1); END WHILE; c; END",
        "CREATE PROCEDURE p() BEGIN FOR i IN 1..10 DO a; END FOR; FOR r IN (SELECT 1) DO b; END FOR; c; END",
        "CREATE PROCEDURE p() BEGIN DECLARE x INT DEFAULT CASE 1 WHEN 1 THEN 2 END; DECLARE c CURSOR FOR SELECT 1; a; END",
        "CREATE PROCEDURE p() BEGIN DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = 1; a; END",
        "CREATE PROCEDURE p() BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION, SQLSTATE VALUE '23000', 1062, mine BEGIN a; b; END; c; END",
        "CREATE PROCEDURE p() BEGIN DECLARE UNDO HANDLER FOR SQLSTATE '23000' IF a THEN b; END IF; c; END",
        "CREATE PROCEDURE p() BEGIN -- END;\n a; # END;\n /* END; */ b; 'END;'; END",
        "CREATE PROCEDURE p() BEGIN ; ; END",
        "CREATE PROCEDURE p() IF a THEN b; c; END IF",
        "CREATE PROCEDURE p() CASE a WHEN 1 THEN b; END CASE",
        "CREATE PROCEDURE p() l: WHILE a DO b; END WHILE l",
        "CREATE PROCEDURE p() SELECT begin FROM t WHERE a FOR UPDATE",
        "CREATE PROCEDURE p() FLUSH TABLES t FOR EXPORT",
        "CREATE FUNCTION f() RETURNS SET('a', 'b') CHARACTER SET utf8mb4 BEGIN RETURN 'a'; END",
        "CREATE FUNCTION f(a INT) RETURNS INT RETURN CASE a WHEN 1 THEN 2 END",
        "CREATE FUNCTION f(a INT) RETURNS INT NO SQL RETURN IF(a, 1, 2)",
        "CREATE FUNCTION f RETURNS STRING SONAME 'f.so'",
        "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN x; y; END",
        "CREATE TRIGGER IF NOT EXISTS t AFTER UPDATE ON a FOR EACH ROW FOLLOWS begin IF NEW.a THEN b; END IF",
        "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW PRECEDES `x` BEGIN x; END",
        "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.a = CASE NEW.b WHEN 1 THEN 2 END",
        "CREATE EVENT IF NOT EXISTS e ON SCHEDULE EVERY 1 DAY COMMENT 'x' DO BEGIN a; b; END",
        "ALTER DEFINER=`a`@`b` EVENT e ON SCHEDULE EVERY 1 HOUR DO BEGIN a; END",
        "CREATE EVENT e ON SCHEDULE AT NOW() DO DELETE FROM t",
        "ALTER EVENT e DISABLE",
        "ALTER PROCEDURE p COMMENT 'begin'",
        "BEGIN NOT ATOMIC a; b; END",
        "IF a THEN b; ELSE c; END IF",
        "WHILE a DO b; END WHILE",
        "FOR i IN 1..3 DO a; END FOR",
        "/*!50003 CREATE PROCEDURE p() BEGIN a; b; END */",
        "CREATE FUNCTION f(n INT) RETURNS INT LANGUAGE JAVASCRIPT AS $$ let s = 'it''s; `; /* \"; return n; $$",
        "CREATE FUNCTION f() RETURNS INT DETERMINISTIC LANGUAGE JAVASCRIPT AS /* ; */ $js$ $$; ' $js$",
        "CREATE LIBRARY l LANGUAGE JAVASCRIPT AS $$ export function f() { return \"';\"; } $$",
        "CREATE PROCEDURE p() BEGIN SELECT 1 AS $a, 2 AS $b; END",
        "CREATE DEFINER=a@b VIEW begin AS SELECT CASE 1 WHEN 1 THEN 2 END AS end",
        "CREATE TABLE event (begin INT, end INT)",
    ];
    for body in bodies {
        let file = format!("{body};\nSELECT 2; -- end\n");
        let file: &'static str = file.leak();
        let expected: &'static [&'static str] = vec![body, "SELECT 2"].leak();
        check(MySql, &[("a body", file, expected)]);
    }
}

#[test]
fn sql_mode_changes_what_quotes_mean() {
    check(
        MySql,
        &[
            (
                "ANSI_QUOTES",
                "SET sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES');\nSELECT 1 AS \"a\\\"; b '\\';'; @\"c\\\"; SET sql_mode = ''; \"\\\";\"",
                &[
                    "SET sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')",
                    "SELECT 1 AS \"a\\\"",
                    "b '\\';'",
                    "@\"c\\\"",
                    "SET sql_mode = ''",
                    "\"\\\";\"",
                ],
            ),
            (
                "NO_BACKSLASH_ESCAPES",
                "SET sql_mode = 'NO_BACKSLASH_ESCAPES'; a '\\'; b \"\\\"; x'\\'; c",
                &["SET sql_mode = 'NO_BACKSLASH_ESCAPES'", "a '\\'", "b \"\\\"", "x'\\'", "c"],
            ),
            (
                "as mysqldump --compatible=ansi writes it",
                "/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO,ANSI' */;\n\"\\\";\n/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;\n\"\\\";\"",
                &[
                    "/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO,ANSI' */",
                    "\"\\\"",
                    "/*!40101 SET SQL_MODE=@OLD_SQL_MODE */",
                    "\"\\\";\"",
                ],
            ),
            (
                "no backslash escapes, and back",
                "SET sql_mode='no_backslash_escapes'; a 'b\\'; c ';\\'; SET sql_mode=''; d 'e\\';'; f",
                &["SET sql_mode='no_backslash_escapes'", "a 'b\\'", "c ';\\'", "SET sql_mode=''", "d 'e\\';'", "f"],
            ),
            (
                "as mysqldump writes it around a routine",
                "/*!50003 SET @saved_sql_mode = @@sql_mode */ ;\n/*!50003 SET sql_mode = 'X,NO_BACKSLASH_ESCAPES' */ ;\nDELIMITER ;;\na '\\' ;;\nDELIMITER ;\n\
                 /*!50003 SET sql_mode = @saved_sql_mode */ ;\nb '\\';';",
                &[
                    "/*!50003 SET @saved_sql_mode = @@sql_mode */",
                    "/*!50003 SET sql_mode = 'X,NO_BACKSLASH_ESCAPES' */",
                    "a '\\'",
                    "/*!50003 SET sql_mode = @saved_sql_mode */",
                    "b '\\';'",
                ],
            ),
            (
                "ANSI_QUOTES added and taken out",
                "SET @@session.sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES'); a \"b\\\"; SET sql_mode = REPLACE(@@sql_mode, 'ANSI_QUOTES', ''); c \"d\\\";\"",
                &[
                    "SET @@session.sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')",
                    "a \"b\\\"",
                    "SET sql_mode = REPLACE(@@sql_mode, 'ANSI_QUOTES', '')",
                    "c \"d\\\";\"",
                ],
            ),
            (
                "the server's own is another matter",
                "SET GLOBAL sql_mode = 'NO_BACKSLASH_ESCAPES'; a '\\';'; b",
                &["SET GLOBAL sql_mode = 'NO_BACKSLASH_ESCAPES'", "a '\\';'", "b"],
            ),
        ],
    );
}
