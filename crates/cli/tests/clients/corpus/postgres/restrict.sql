--
-- PostgreSQL database dump
--

\restrict kfbGPvKaPfpXTRtSDJ5JfXLkFMqCNtOqWqeLzyK7ZCRjvb7UvNLfmNe9iEoQ1Gy

SET client_min_messages = warning;
CREATE TABLE t (a int);
COPY t (a) FROM stdin;
1
\.

\unrestrict kfbGPvKaPfpXTRtSDJ5JfXLkFMqCNtOqWqeLzyK7ZCRjvb7UvNLfmNe9iEoQ1Gy

