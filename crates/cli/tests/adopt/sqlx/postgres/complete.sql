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
-- Name: _sqlx_migrations; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public._sqlx_migrations (
    version bigint NOT NULL,
    description text NOT NULL,
    installed_on timestamp with time zone DEFAULT now() NOT NULL,
    success boolean NOT NULL,
    checksum bytea NOT NULL,
    execution_time bigint NOT NULL
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
-- Data for Name: _sqlx_migrations; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public._sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (20240501090100, 'create customers', '2026-11-22 04:25:57.902993+00', true, '\x17c1f7d5ccd8d1245bcdd491787180dc9693f40c7a967a5b938a24c40de926e8b1c23b2cc0eff1eef1e06a1e4c3dfa44', 4861073);
INSERT INTO public._sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (20240501090200, 'create orders', '2026-11-22 04:25:57.908738+00', true, '\xa1e9bab0680d49f90c672d5147b86698db628c5f89d75ab92ba2bed4f6adf31257e44fee56944ffb3d779179e696bab5', 3806911);
INSERT INTO public._sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (20240501090300, 'seed customers', '2026-11-22 04:25:57.912969+00', true, '\xdfc5fe873badf28a185d4fd20eacb5819be1cee6fcc09524807113c3b0c732c0021bfe8d71122fe5ade285bccc36fa10', 1106761);
INSERT INTO public._sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (20240501090400, 'count orders', '2026-11-22 04:25:57.914423+00', true, '\xcd22e959fd962e56025be3838b33e753b03a3bc00504f22226f1ad73431e4bead3b13ad93ee6ef6f907b574b13823f1e', 2542768);
INSERT INTO public._sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (20240501090500, 'create order totals', '2026-11-22 04:25:58.23314+00', true, '\xfea51fdeefa3a71840ae9250cf51eb65a8dab9b19e4293884c4e0bb440fc782696ece664a7e2e81bf86ed03f9f7d1dfd', 6021048);
INSERT INTO public._sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (20240501090600, 'index order amounts', '2026-11-22 04:25:58.241647+00', true, '\xbcf9103c6749644fe0bb8d816a4a63add49e705b1bbf37b3b334c6aa8c39a38c25f74fc1e72ac5ea329b394594298348', 2086176);

--
-- Data for Name: customers; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.customers (id, email, name, order_count) VALUES (1, 'ada@example.com', 'Ada; of "Lovelace"', 2);
INSERT INTO public.customers (id, email, name, order_count) VALUES (2, 'flann@example.com', 'Flann O''Brien — née', 1);

--
-- Data for Name: orders; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.orders (id, customer_id, amount) VALUES (1, 1, 250);
INSERT INTO public.orders (id, customer_id, amount) VALUES (2, 1, 100);
INSERT INTO public.orders (id, customer_id, amount) VALUES (3, 2, 75);

--
-- Name: _sqlx_migrations _sqlx_migrations_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public._sqlx_migrations
    ADD CONSTRAINT _sqlx_migrations_pkey PRIMARY KEY (version);

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

