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
-- Name: orders; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.orders (
    id bigint NOT NULL,
    customer_id bigint NOT NULL,
    amount integer NOT NULL
);

--
-- Name: refinery_schema_history; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.refinery_schema_history (
    version integer NOT NULL,
    name character varying(255),
    applied_on character varying(255),
    checksum character varying(255)
);

--
-- Data for Name: customers; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.customers (id, email, name, order_count) VALUES (1, 'ada@example.com', 'Ada; of "Lovelace"', 0);
INSERT INTO public.customers (id, email, name, order_count) VALUES (2, 'flann@example.com', 'Flann O''Brien — née', 0);

--
-- Data for Name: orders; Type: TABLE DATA; Schema: public; Owner: -
--

--
-- Data for Name: refinery_schema_history; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.refinery_schema_history (version, name, applied_on, checksum) VALUES (1, 'create_customers', '2026-11-22T04:26:00.918307023Z', '1284877476927952875');
INSERT INTO public.refinery_schema_history (version, name, applied_on, checksum) VALUES (2, 'create_orders', '2026-11-22T04:26:00.918353103Z', '2818937821075028599');
INSERT INTO public.refinery_schema_history (version, name, applied_on, checksum) VALUES (3, 'seed_customers', '2026-11-22T04:26:00.918360694Z', '5670279840103142156');
INSERT INTO public.refinery_schema_history (version, name, applied_on, checksum) VALUES (4, 'count_orders', '2026-11-22T04:26:00.918367558Z', '15844928258573106523');

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
-- Name: orders orders_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (id);

--
-- Name: refinery_schema_history refinery_schema_history_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.refinery_schema_history
    ADD CONSTRAINT refinery_schema_history_pkey PRIMARY KEY (version);

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

