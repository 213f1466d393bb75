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
-- Name: customers; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.customers (
    id bigint NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    order_count integer DEFAULT 0 NOT NULL
);

--
-- Name: customer_names; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.customer_names AS
 SELECT customers.id,
    customers.name,
    'ada'::text AS owner
   FROM public.customers;

--
-- Name: flyway_schema_history; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.flyway_schema_history (
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
-- Name: orders; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.orders (
    id bigint NOT NULL,
    customer_id bigint NOT NULL,
    amount integer NOT NULL
);

--
-- Name: order_totals; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.order_totals AS
 SELECT orders.customer_id,
    sum(orders.amount) AS total
   FROM public.orders
  GROUP BY orders.customer_id;

--
-- Data for Name: customers; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.customers (id, email, name, order_count) VALUES (1, 'ada@example.com', 'Ada; of "Lovelace"', 2);
INSERT INTO public.customers (id, email, name, order_count) VALUES (2, 'flann@example.com', 'Flann O''Brien — née', 1);

--
-- Data for Name: flyway_schema_history; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by, installed_on, execution_time, success) VALUES (1, '1', 'create customers', 'SQL', 'V1__create_customers.sql', -1692745202, 'driftlock', '2026-11-22 04:16:59.272952', 100, true);
INSERT INTO public.flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by, installed_on, execution_time, success) VALUES (2, '1.1', 'create orders', 'SQL', 'V1_1__create_orders.sql', -1303549989, 'driftlock', '2026-11-22 04:16:59.693944', 75, true);
INSERT INTO public.flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by, installed_on, execution_time, success) VALUES (3, '2', 'seed customers', 'SQL', 'V2__seed_customers.sql', -552323030, 'driftlock', '2026-11-22 04:16:59.915829', 77, true);
INSERT INTO public.flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by, installed_on, execution_time, success) VALUES (4, '3', 'count orders', 'SQL', 'V3__count_orders.sql', 2074450403, 'driftlock', '2026-11-22 04:17:00.147213', 82, true);
INSERT INTO public.flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by, installed_on, execution_time, success) VALUES (5, NULL, 'customer names', 'SQL', 'R__customer_names.sql', 1109373330, 'driftlock', '2026-11-22 04:17:00.404168', 55, true);
INSERT INTO public.flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by, installed_on, execution_time, success) VALUES (6, '4', 'create order totals', 'SQL', 'V4__create_order_totals.sql', -1607857410, 'driftlock', '2026-11-22 04:17:06.920172', 106, true);
INSERT INTO public.flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by, installed_on, execution_time, success) VALUES (7, '5', 'index order amounts', 'SQL', 'V5__index_order_amounts.sql', -946176236, 'driftlock', '2026-11-22 04:17:07.275811', 77, true);
INSERT INTO public.flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by, installed_on, execution_time, success) VALUES (8, NULL, 'customer names', 'SQL', 'R__customer_names.sql', 137733972, 'driftlock', '2026-11-22 04:17:13.095268', 53, true);

--
-- Data for Name: orders; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.orders (id, customer_id, amount) VALUES (1, 1, 250);
INSERT INTO public.orders (id, customer_id, amount) VALUES (2, 1, 100);
INSERT INTO public.orders (id, customer_id, amount) VALUES (3, 2, 75);

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
-- Name: flyway_schema_history flyway_schema_history_pk; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.flyway_schema_history
    ADD CONSTRAINT flyway_schema_history_pk PRIMARY KEY (installed_rank);

--
-- Name: orders orders_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (id);

--
-- Name: flyway_schema_history_s_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX flyway_schema_history_s_idx ON public.flyway_schema_history USING btree (success);

--
-- Name: orders_amount; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX orders_amount ON public.orders USING btree (amount);

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

