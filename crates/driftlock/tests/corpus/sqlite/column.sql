-- case: made
CREATE TABLE t (a int, b);
-- case: same: NULL and BINARY say nothing
CREATE TABLE t (a INT NULL COLLATE binary, b NULL ON CONFLICT IGNORE);
-- case: same: without rows of its own, and with a dangling name
CREATE TABLE t (a "int" CONSTRAINT nobody NULL, b CONSTRAINT last);
-- case: no type
CREATE TABLE t (a, b);
-- case: other type
CREATE TABLE t (a decimal(10, 2), b);
-- case: type of several words
CREATE TABLE t (a Unsigned  BIG /* x */ int, b);
-- case: array
CREATE TABLE t (a int[][], b);
-- case: signed arguments
CREATE TABLE t (a numeric( +5 , -2 ), b);
-- case: odd type
CREATE TABLE t (a "select it's (a, b)", b);
-- case: words of the grammar in a type
CREATE TABLE t (a timestamp with time zone, b);
-- case: not null
CREATE TABLE t (a int NOT NULL, b);
-- case: not null with a conflict clause
CREATE TABLE t (a int NOT NULL ON CONFLICT REPLACE, b);
-- case: said twice
CREATE TABLE t (a int NOT NULL ON CONFLICT FAIL COLLATE rtrim NOT NULL ON CONFLICT IGNORE DEFAULT 1 COLLATE nocase DEFAULT 2, b);
-- case: not null with a name
CREATE TABLE t (a int CONSTRAINT "must be" NOT NULL, b);
-- case: default
CREATE TABLE t (a int DEFAULT 5, b);
-- case: default null
CREATE TABLE t (a int DEFAULT NULL, b);
-- case: negative default
CREATE TABLE t (a int DEFAULT -5, b);
-- case: default of text
CREATE TABLE t (a int DEFAULT 'it''s', b);
-- case: default of a number in quotes
CREATE TABLE t (a int DEFAULT '5', b);
-- case: default of bytes
CREATE TABLE t (a int DEFAULT x'00fF', b);
-- case: default of a time
CREATE TABLE t (a int DEFAULT current_timestamp, b);
-- case: default true
CREATE TABLE t (a int DEFAULT true, b);
-- case: default of text that reads true
CREATE TABLE t (a int DEFAULT 'true', b);
-- case: default of an expression
CREATE TABLE t (a int DEFAULT (abs(-5) + 1), b);
-- case: default with a name
CREATE TABLE t (a int CONSTRAINT five DEFAULT 5, b);
-- case: collation
CREATE TABLE t (a int COLLATE nocase, b);
-- case: collation with a name
CREATE TABLE t (a int CONSTRAINT c COLLATE nocase, b);
-- case: generated
CREATE TABLE t (a int AS (b * 2), b);
-- case: generated otherwise
CREATE TABLE t (a int AS (b * 3), b);
-- case: generated and stored
CREATE TABLE t (a int AS (b * 2) STORED, b);
-- case: generated with a name
CREATE TABLE t (a int CONSTRAINT g GENERATED ALWAYS AS (b * 2), b);
-- case: generated without a type
CREATE TABLE t (a GENERATED ALWAYS AS (b * 2), b);
-- case: everything
CREATE TABLE t (a varchar(20) NOT NULL ON CONFLICT FAIL DEFAULT ('a' || 'b') COLLATE rtrim UNIQUE CHECK (a <> '') REFERENCES t (a) ON DELETE SET DEFAULT, b);
