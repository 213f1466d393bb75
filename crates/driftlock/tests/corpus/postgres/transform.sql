CREATE TYPE e AS ENUM ('a');
CREATE FUNCTION a(internal) RETURNS internal LANGUAGE internal IMMUTABLE AS 'int4in';
CREATE FUNCTION b(internal) RETURNS e LANGUAGE internal IMMUTABLE AS 'int4in';

-- case: made
CREATE TRANSFORM FOR e LANGUAGE plpgsql (FROM SQL WITH FUNCTION a(internal));

-- case: the other way
CREATE TRANSFORM FOR e LANGUAGE plpgsql (TO SQL WITH FUNCTION b(internal));

-- case: commented
CREATE TRANSFORM FOR e LANGUAGE plpgsql (FROM SQL WITH FUNCTION a(internal));
COMMENT ON TRANSFORM FOR e LANGUAGE plpgsql IS 'what';

-- case: used by a function
CREATE TRANSFORM FOR e LANGUAGE plpgsql (FROM SQL WITH FUNCTION a(internal));
CREATE FUNCTION f(e) RETURNS void LANGUAGE plpgsql TRANSFORM FOR TYPE e AS 'BEGIN END';
