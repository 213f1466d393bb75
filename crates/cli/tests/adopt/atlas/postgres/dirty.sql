--
-- PostgreSQL database dump
--

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: atlas_schema_revisions; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA atlas_schema_revisions;

--
-- Name: count_order(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.count_order() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE customers SET order_count = order_count + 1 WHERE id = NEW.customer_id;
    RETURN NEW;
END
$$;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: atlas_schema_revisions; Type: TABLE; Schema: atlas_schema_revisions; Owner: -
--

CREATE TABLE atlas_schema_revisions.atlas_schema_revisions (
    version character varying NOT NULL,
    description character varying NOT NULL,
    type bigint DEFAULT 2 NOT NULL,
    applied bigint DEFAULT 0 NOT NULL,
    total bigint DEFAULT 0 NOT NULL,
    executed_at timestamp with time zone NOT NULL,
    execution_time bigint NOT NULL,
    error text,
    error_stmt text,
    hash character varying NOT NULL,
    partial_hashes jsonb,
    operator_version character varying NOT NULL
);

--
-- Name: customers; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.customers (
    id bigint NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    order_count integer DEFAULT 0 NOT NULL
);

--
-- Name: half_done; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.half_done (
    id integer NOT NULL
);

--
-- Name: orders; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.orders (
    id bigint NOT NULL,
    customer_id bigint NOT NULL,
    amount integer NOT NULL
);

--
-- Data for Name: atlas_schema_revisions; Type: TABLE DATA; Schema: atlas_schema_revisions; Owner: -
--

INSERT INTO atlas_schema_revisions.atlas_schema_revisions (version, description, type, applied, total, executed_at, execution_time, error, error_stmt, hash, partial_hashes, operator_version) VALUES ('20240501090100', 'create_customers', 2, 1, 1, '2026-11-22 04:26:14.831433+00', 684408, '', '', 'eOHX5h2BOzYQV3PHJhfMq2oItP7g2oJwyhlJFizryG4=', '["h1:Bx3SmKqlKLamuV6JajKpZ0SmWh+fD42AeVWDxsBzRXw="]', 'Atlas CLI - development');
INSERT INTO atlas_schema_revisions.atlas_schema_revisions (version, description, type, applied, total, executed_at, execution_time, error, error_stmt, hash, partial_hashes, operator_version) VALUES ('20240501090200', 'create_orders', 2, 2, 2, '2026-11-22 04:26:14.840633+00', 608482, '', '', 'rQUAmMfv+MkxYDCaqk7yMry4bpsMoknfxAMFU/fhFX8=', '["h1:e+HicdUl8++lDae1NGEUZMZIykT2WGH3sA6e9tiq2iQ=", "h1:lPmloZb6AlzgA1njvsu4JT3PVg5g3R4Bxc0PyTmnxRE="]', 'Atlas CLI - development');
INSERT INTO atlas_schema_revisions.atlas_schema_revisions (version, description, type, applied, total, executed_at, execution_time, error, error_stmt, hash, partial_hashes, operator_version) VALUES ('20240501090300', 'seed_customers', 2, 2, 2, '2026-11-22 04:26:14.849156+00', 315602, '', '', 'RCofOuzdZMCILexkKA2yG8KOdQGPmmR5oBlpqdG3PiY=', '["h1:XLN2dZHVzyuZBoiqo+bHtNj6HTsmWcv1VdHDhzPwtyA=", "h1:0I9jAt0HLcBBmsHEXLT8vhOHk4OlL161ru0u24t+XLU="]', 'Atlas CLI - development');
INSERT INTO atlas_schema_revisions.atlas_schema_revisions (version, description, type, applied, total, executed_at, execution_time, error, error_stmt, hash, partial_hashes, operator_version) VALUES ('20240501090400', 'count_orders', 2, 2, 2, '2026-11-22 04:26:14.853631+00', 357695, '', '', 'td7j2YmFiSyrY09Ya6QCP1nyri6biDexl0L8EPT8j8I=', '["h1:nGarBgeP4z6zVbUUFd/ELiHChzP+qWpPo8juUQj9v80=", "h1:3BA1BU/RxsZgJjWV6D6tPspoDNMKXQC4zFxrhRZnODc="]', 'Atlas CLI - development');
INSERT INTO atlas_schema_revisions.atlas_schema_revisions (version, description, type, applied, total, executed_at, execution_time, error, error_stmt, hash, partial_hashes, operator_version) VALUES ('20240501090500', 'create_order_totals', 2, 1, 2, '2026-11-22 04:26:14.857431+00', 630551, 'pq: relation "no_such_table" does not exist', 'INSERT INTO no_such_table (id) VALUES (1);', 'U4QLpLV4HOy4F3wxdbHlKRa1GlXQiam/wEYRghfi44s=', '["h1:Vqi0BGL4dpHJXZObSAScD4HtAXFYoBqQeRW5FbKx5mw="]', 'Atlas CLI - development');

--
-- Data for Name: customers; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.customers (id, email, name, order_count) VALUES (1, 'ada@example.com', 'Ada; of "Lovelace"', 0);
INSERT INTO public.customers (id, email, name, order_count) VALUES (2, 'flann@example.com', 'Flann O''Brien — née', 0);

--
-- Data for Name: half_done; Type: TABLE DATA; Schema: public; Owner: -
--

--
-- Data for Name: orders; Type: TABLE DATA; Schema: public; Owner: -
--

--
-- Name: atlas_schema_revisions atlas_schema_revisions_pkey; Type: CONSTRAINT; Schema: atlas_schema_revisions; Owner: -
--

ALTER TABLE ONLY atlas_schema_revisions.atlas_schema_revisions
    ADD CONSTRAINT atlas_schema_revisions_pkey PRIMARY KEY (version);

--
-- Name: customers customers_email_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.customers
    ADD CONSTRAINT customers_email_key UNIQUE (email);

--
-- Name: customers customers_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.customers
    ADD CONSTRAINT customers_pkey PRIMARY KEY (id);

--
-- Name: half_done half_done_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.half_done
    ADD CONSTRAINT half_done_pkey PRIMARY KEY (id);

--
-- Name: orders orders_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (id);

--
-- Name: orders_customer; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX orders_customer ON public.orders USING btree (customer_id);

--
-- Name: orders orders_count; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER orders_count AFTER INSERT ON public.orders FOR EACH ROW EXECUTE FUNCTION public.count_order();

--
-- Name: orders orders_customer_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES public.customers(id);

--
-- PostgreSQL database dump complete
--

