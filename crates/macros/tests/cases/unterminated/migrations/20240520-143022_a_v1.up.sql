SELECT 1;

INSERT INTO a VALUES ('never closed);
