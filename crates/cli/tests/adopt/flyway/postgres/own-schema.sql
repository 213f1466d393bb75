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
-- Name: shop; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA shop;

--
-- Name: count_order(); Type: FUNCTION; Schema: shop; Owner: -
--

CREATE FUNCTION shop.count_order() RETURNS trigger
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
-- Name: customers; Type: TABLE; Schema: shop; Owner: -
--

CREATE TABLE shop.customers (
    id bigint NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    order_count integer DEFAULT 0 NOT NULL
);

--
-- Name: customer_names; Type: VIEW; Schema: shop; Owner: -
--

CREATE VIEW shop.customer_names AS
 SELECT customers.id,
    customers.name,
    'ada'::text AS owner
   FROM shop.customers;

--
-- Name: flyway_schema_history; Type: TABLE; Schema: shop; Owner: -
--

CREATE TABLE shop.flyway_schema_history (
    installed_rank integer NOT NULL,
    version character varying(50),
    description character varying(200) NOT NULL,
    type character varying(20) NOT NULL,
    script character varying(1000) NOT NULL,
    checksum integer,
    installed_by character varying(100) NOT NULL,
    installed_on timestamp without time zone DEFAULT now() NOT NULL,
    execution_time integer NOT NULL,
    success boolean NOT NULL
);

--
-- Name: orders; Type: TABLE; Schema: shop; Owner: -
--

CREATE TABLE shop.orders (
    id bigint NOT NULL,
    customer_id bigint NOT NULL,
    amount integer NOT NULL
);

--
-- Data for Name: customers; Type: TABLE DATA; Schema: shop; Owner: -
--

INSERT INTO shop.customers (id, email, name, order_count) VALUES (1, 'ada@example.com', 'Ada; of "Lovelace"', 0);
INSERT INTO shop.customers (id, email, name, order_count) VALUES (2, 'flann@example.com', 'Flann O''Brien — née', 0);

--
-- Data for Name: flyway_schema_history; Type: TABLE DATA; Schema: shop; Owner: -
--

INSERT INTO shop.flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by, installed_on, execution_time, success) VALUES (0, NULL, '<< Flyway Schema Creation >>', 'SCHEMA', '"shop"', NULL, 'driftlock', '2026-11-22 04:17:33.304164', 0, true);
INSERT INTO shop.flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by, installed_on, execution_time, success) VALUES (1, '1', 'create customers', 'SQL', 'V1__create_customers.sql', -1692745202, 'driftlock', '2026-11-22 04:17:33.57617', 58, true);
INSERT INTO shop.flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by, installed_on, execution_time, success) VALUES (2, '1.1', 'create orders', 'SQL', 'V1_1__create_orders.sql', -1303549989, 'driftlock', '2026-11-22 04:17:33.74683', 97, true);
INSERT INTO shop.flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by, installed_on, execution_time, success) VALUES (3, '2', 'seed customers', 'SQL', 'V2__seed_customers.sql', -552323030, 'driftlock', '2026-11-22 04:17:33.926944', 24, true);
INSERT INTO shop.flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by, installed_on, execution_time, success) VALUES (4, '3', 'count orders', 'SQL', 'V3__count_orders.sql', 2074450403, 'driftlock', '2026-11-22 04:17:34.009809', 25, true);
INSERT INTO shop.flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by, installed_on, execution_time, success) VALUES (5, NULL, 'customer names', 'SQL', 'R__customer_names.sql', 1109373330, 'driftlock', '2026-11-22 04:17:34.128794', 41, true);

--
-- Data for Name: orders; Type: TABLE DATA; Schema: shop; Owner: -
--

--
-- Name: customers customers_email_key; Type: CONSTRAINT; Schema: shop; Owner: -
--

ALTER TABLE ONLY shop.customers
    ADD CONSTRAINT customers_email_key UNIQUE (email);

--
-- Name: customers customers_pkey; Type: CONSTRAINT; Schema: shop; Owner: -
--

ALTER TABLE ONLY shop.customers
    ADD CONSTRAINT customers_pkey PRIMARY KEY (id);

--
-- Name: flyway_schema_history flyway_schema_history_pk; Type: CONSTRAINT; Schema: shop; Owner: -
--

ALTER TABLE ONLY shop.flyway_schema_history
    ADD CONSTRAINT flyway_schema_history_pk PRIMARY KEY (installed_rank);

--
-- Name: orders orders_pkey; Type: CONSTRAINT; Schema: shop; Owner: -
--

ALTER TABLE ONLY shop.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (id);

--
-- Name: flyway_schema_history_s_idx; Type: INDEX; Schema: shop; Owner: -
--

CREATE INDEX flyway_schema_history_s_idx ON shop.flyway_schema_history USING btree (success);

--
-- Name: orders_customer; Type: INDEX; Schema: shop; Owner: -
--

CREATE INDEX orders_customer ON shop.orders USING btree (customer_id);

--
-- Name: orders orders_count; Type: TRIGGER; Schema: shop; Owner: -
--

CREATE TRIGGER orders_count AFTER INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.count_order();

--
-- Name: orders orders_customer_id_fkey; Type: FK CONSTRAINT; Schema: shop; Owner: -
--

ALTER TABLE ONLY shop.orders
    ADD CONSTRAINT orders_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES shop.customers(id);

--
-- PostgreSQL database dump complete
--

