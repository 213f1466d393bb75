CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER "S s" FOREIGN DATA WRAPPER w;

-- case: made
CREATE USER MAPPING FOR CURRENT_USER SERVER "S s" OPTIONS (password 'a');

-- case: same: another password
CREATE USER MAPPING FOR CURRENT_USER SERVER "S s" OPTIONS (password 'b');

-- case: no options
CREATE USER MAPPING FOR CURRENT_USER SERVER "S s";

-- case: another user there
CREATE USER MAPPING FOR CURRENT_USER SERVER "S s" OPTIONS (user 'ann', password 'a');

-- case: another user here
CREATE USER MAPPING FOR pg_monitor SERVER "S s" OPTIONS (password 'a');

-- case: everybody
CREATE USER MAPPING FOR PUBLIC SERVER "S s" OPTIONS (password 'a');
