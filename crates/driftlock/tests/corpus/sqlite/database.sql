-- case: made
CREATE TABLE t (a);
-- case: same: versions of others and the layout of the file
PRAGMA page_size = 8192;
PRAGMA auto_vacuum = 1;
PRAGMA user_version = 7;
CREATE TABLE t (a);
-- case: encoding
PRAGMA encoding = 'UTF-16be';
CREATE TABLE t (a DEFAULT 'ä€');
-- case: encoding alone
PRAGMA encoding = 'UTF-16le';
CREATE TABLE t (a);
-- case: application
PRAGMA application_id = -252006674;
CREATE TABLE t (a);
