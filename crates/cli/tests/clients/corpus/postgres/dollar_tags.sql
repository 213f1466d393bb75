CREATE TABLE said (what text);
CREATE FUNCTION nested() RETURNS text LANGUAGE plpgsql AS $outer$
BEGIN
    EXECUTE $inner$ INSERT INTO said VALUES ($$one;two$$); $inner$;
    RETURN $q$ ; $outer $ $q$;
END
$outer$;
CREATE FUNCTION tagged_in_letters() RETURNS text LANGUAGE sql AS $größe_1$ SELECT 'ä;$1$'::text $größe_1$;
CREATE TABLE a$b$c (d$ int);
PREPARE p AS INSERT INTO said VALUES ($1||$2);
EXECUTE p ('x;', 'y');
DEALLOCATE p;
DO $$ BEGIN PERFORM nested(); INSERT INTO said SELECT tagged_in_letters(); END $$;
INSERT INTO said VALUES ($a$ $b$ ; $A$ $a$), ($$$$), ($_$$$;$$$_$);
