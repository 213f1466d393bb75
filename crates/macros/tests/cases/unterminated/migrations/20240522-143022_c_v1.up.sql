SELECT $a$ a'quote, where only PostgreSQL knows such $a$;
