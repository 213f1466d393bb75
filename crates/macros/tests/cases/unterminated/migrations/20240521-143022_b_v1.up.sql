# a comment that isn't closed, where only MySQL and MariaDB know such
SELECT 1;
