CREATE TABLE p (id int PRIMARY KEY, other int, UNIQUE KEY u (other, id));
-- case: made
CREATE TABLE t (a int, b int, KEY a (a), CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id));
-- case: same: what is there by default (MySQL)
CREATE TABLE t (a int, b int, KEY a (a));
ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id) ON DELETE NO ACTION ON UPDATE NO ACTION;
-- case: on delete restrict (MySQL)
CREATE TABLE t (a int, b int, KEY a (a), CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id) ON DELETE RESTRICT);
-- case: on update restrict (MySQL)
CREATE TABLE t (a int, b int, KEY a (a), CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id) ON UPDATE RESTRICT);
-- case: same: the index is the engine's own (MariaDB)
CREATE TABLE t (a int, b int, KEY a (a));
ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id) ON DELETE RESTRICT;
-- case: the engine makes an index
CREATE TABLE t (a int, b int, CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id));
-- case: name
CREATE TABLE t (a int, b int, KEY a (a), CONSTRAINT `f-2/é``x` FOREIGN KEY (a) REFERENCES p (id));
-- case: no name
CREATE TABLE t (a int, b int, KEY a (a), FOREIGN KEY (a) REFERENCES p (id));
-- case: several columns
CREATE TABLE t (a int, b int, KEY a (a, b), CONSTRAINT f FOREIGN KEY (a, b) REFERENCES p (other, id));
-- case: other columns referenced, which are no key (MySQL, since 9)
SET restrict_fk_on_non_standard_key = 0;
CREATE TABLE t (a int, b int, KEY a (a), CONSTRAINT f FOREIGN KEY (a) REFERENCES p (other));
-- case: other columns referenced (MariaDB)
CREATE TABLE t (a int, b int, KEY a (a), CONSTRAINT f FOREIGN KEY (a) REFERENCES p (other));
-- case: another table referenced
CREATE TABLE q (id int PRIMARY KEY);
CREATE TABLE t (a int, b int, KEY a (a), CONSTRAINT f FOREIGN KEY (a) REFERENCES q (id));
-- case: on delete cascade
CREATE TABLE t (a int, b int, KEY a (a), CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id) ON DELETE CASCADE);
-- case: on delete set null
CREATE TABLE t (a int, b int, KEY a (a), CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id) ON DELETE SET NULL);
-- case: on delete no action (MariaDB)
CREATE TABLE t (a int, b int, KEY a (a), CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id) ON DELETE NO ACTION);
-- case: on update cascade
CREATE TABLE t (a int, b int, KEY a (a), CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id) ON UPDATE CASCADE);
-- case: on update set null
CREATE TABLE t (a int, b int, KEY a (a), CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id) ON UPDATE SET NULL);
-- case: on update no action (MariaDB)
CREATE TABLE t (a int, b int, KEY a (a), CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id) ON UPDATE NO ACTION);
-- case: both
CREATE TABLE t (a int, b int, KEY a (a), CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id) ON UPDATE CASCADE ON DELETE SET NULL);
-- case: to itself
CREATE TABLE t (a int, b int, KEY a (a), UNIQUE KEY b (b), CONSTRAINT f FOREIGN KEY (a) REFERENCES t (b));
-- case: a cycle
CREATE TABLE t (a int, b int PRIMARY KEY, KEY a (a), CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id));
ALTER TABLE p ADD CONSTRAINT g FOREIGN KEY (other) REFERENCES t (b);
-- case: to another database
CREATE TABLE t (a int, b int, KEY a (a));
SET foreign_key_checks = 0;
ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES driftlock_elsewhere.p (id);
-- case: check
CREATE TABLE t (a int, b int, KEY a (a), CHECK (a > b));
-- case: check with a name
CREATE TABLE t (a int, b int, KEY a (a), CONSTRAINT c CHECK (a > b));
-- case: check of something else
CREATE TABLE t (a int, b int, KEY a (a), CONSTRAINT c CHECK (a > b + 1));
-- case: a check that looks like a period's
CREATE TABLE t (a int, b int, KEY a (a), CONSTRAINT c CHECK (a < b));
-- case: a check that is not enforced (MySQL)
CREATE TABLE t (a int, b int, KEY a (a), CONSTRAINT c CHECK (a > b) NOT ENFORCED);
-- case: a check with letters and strings (MySQL)
CREATE TABLE t (a int, b varchar(20), KEY a (a), CONSTRAINT c CHECK (b <> 'it\'s \\ 😀'));
