-- MariaDB dump 10.17  Distrib 10.3.39-MariaDB, for Linux (x86_64)
/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET NAMES utf8mb4 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;

--
-- Current Database: `whatever`
--
CREATE TABLE `s` (`next_not_cached_value` bigint) /* a table */;
DROP SEQUENCE IF EXISTS `seq`;
CREATE SEQUENCE `seq` start with 1 minvalue 1 maxvalue 9223372036854775806 increment by 1 cache 1000 nocycle ENGINE=InnoDB;
SELECT SETVAL(`seq`, 1001, 0);
CREATE TABLE `old` (
  `id` int(11) NOT NULL DEFAULT nextval(`seq`)
) ENGINE=MyISAM DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci;
/*!40000 ALTER TABLE `old` DISABLE KEYS */;
INSERT INTO `old` VALUES (1),(2);
/*!40000 ALTER TABLE `old` ENABLE KEYS */;
/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;
/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
