CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple);

-- case: made
CREATE TEXT SEARCH CONFIGURATION c (PARSER = "default");

-- case: mapping
CREATE TEXT SEARCH CONFIGURATION c (PARSER = "default");
ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word, asciiword WITH d, simple;

-- case: mapping in another order
CREATE TEXT SEARCH CONFIGURATION c (PARSER = "default");
ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word, asciiword WITH simple, d;

-- case: copied
CREATE TEXT SEARCH CONFIGURATION c (COPY = english);

-- case: commented configuration
CREATE TEXT SEARCH CONFIGURATION c (PARSER = "default");
COMMENT ON TEXT SEARCH CONFIGURATION c IS 'what';

-- case: owned by another
CREATE TEXT SEARCH CONFIGURATION c (PARSER = "default");
ALTER TEXT SEARCH CONFIGURATION c OWNER TO pg_monitor;

-- case: dictionary
CREATE TEXT SEARCH DICTIONARY e (TEMPLATE = snowball, language = 'english', stopwords = 'english');

-- case: dictionary of another language
CREATE TEXT SEARCH DICTIONARY e (TEMPLATE = snowball, language = 'german');

-- case: commented dictionary
COMMENT ON TEXT SEARCH DICTIONARY d IS 'what';

-- case: dictionary owned by another
ALTER TEXT SEARCH DICTIONARY d OWNER TO pg_monitor;

-- case: template
CREATE TEXT SEARCH TEMPLATE "T t" (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH DICTIONARY e (TEMPLATE = "T t");

-- case: template without init
CREATE TEXT SEARCH TEMPLATE "T t" (LEXIZE = dsimple_lexize);

-- case: commented template
CREATE TEXT SEARCH TEMPLATE "T t" (LEXIZE = dsimple_lexize);
COMMENT ON TEXT SEARCH TEMPLATE "T t" IS 'what';

-- case: parser
CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken, "end" = prsd_end, LEXTYPES = prsd_lextype);
CREATE TEXT SEARCH CONFIGURATION c (PARSER = p);

-- case: parser with headline
CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken, "end" = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline);

-- case: commented parser
CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken, "end" = prsd_end, LEXTYPES = prsd_lextype);
COMMENT ON TEXT SEARCH PARSER p IS 'what';
