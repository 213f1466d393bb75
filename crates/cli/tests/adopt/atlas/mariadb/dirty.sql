/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET @OLD_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS */;
/*!40101 SET @OLD_COLLATION_CONNECTION=@@COLLATION_CONNECTION */;
/*!40101 SET NAMES utf8mb4 */;
/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;
DROP TABLE IF EXISTS `atlas_schema_revisions`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `atlas_schema_revisions` (
  `version` varchar(255) NOT NULL,
  `description` varchar(255) NOT NULL,
  `type` bigint(20) unsigned NOT NULL DEFAULT 2,
  `applied` bigint(20) NOT NULL DEFAULT 0,
  `total` bigint(20) NOT NULL DEFAULT 0,
  `executed_at` timestamp NULL DEFAULT NULL,
  `execution_time` bigint(20) NOT NULL,
  `error` longtext DEFAULT NULL,
  `error_stmt` longtext DEFAULT NULL,
  `hash` varchar(255) NOT NULL,
  `partial_hashes` longtext DEFAULT NULL CHECK (json_valid(`partial_hashes`)),
  `operator_version` varchar(255) NOT NULL,
  PRIMARY KEY (`version`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `atlas_schema_revisions` WRITE;
/*!40000 ALTER TABLE `atlas_schema_revisions` DISABLE KEYS */;
INSERT INTO `atlas_schema_revisions` VALUES
('20240501090100','create_customers',2,1,1,'2026-11-22 04:26:18',711643,'','','xamoVyW7uD3ABU73aBjfEk/c7ixftbXN9PqyPqqCams=','[\"h1:9oVAq6h4M9xxKRxW9TmOnTtHPPprdpI60GbFgctsC4c=\"]','Atlas CLI - development'),
('20240501090200','create_orders',2,2,2,'2026-11-22 04:26:18',586027,'','','MvsgSLAqvtp0rCy3AkhPvhprvwubwNDbZdzd46e2AKM=','[\"h1:dOnVfoqzNhjMaR06X0LEDidJLhchIkyhQ4ULH/1pFjM=\",\"h1:WmNhg23uMC8LOnKUp6f0bbaetDtVtPIZrgepsOCKTJQ=\"]','Atlas CLI - development'),
('20240501090300','seed_customers',2,2,2,'2026-11-22 04:26:18',376425,'','','4SgTTlKfsw8yXOlPTGR5uoYf5JR1lKZRSQ44JhNr+UY=','[\"h1:XLN2dZHVzyuZBoiqo+bHtNj6HTsmWcv1VdHDhzPwtyA=\",\"h1:0I9jAt0HLcBBmsHEXLT8vhOHk4OlL161ru0u24t+XLU=\"]','Atlas CLI - development'),
('20240501090400','count_orders',2,1,1,'2026-11-22 04:26:18',478779,'','','LTRtGjHkAMIjnKbh7KH6bYuO/jUxMic4AnzRrNeLsvQ=','[\"h1:ehw87LrQwbUVdZXeHhXnJqHkH7PgYbAeR5dXFB2xF+E=\"]','Atlas CLI - development'),
('20240501090500','create_order_totals',2,1,2,'2026-11-22 04:26:18',668909,'Error 1146 (42S02): Table \'shop.no_such_table\' doesn\'t exist','INSERT INTO no_such_table (id) VALUES (1);','DmVlhbdep4Uyv/3cZS3P6TLah53x5pplNrZogs2/E2g=','[\"h1:Vqi0BGL4dpHJXZObSAScD4HtAXFYoBqQeRW5FbKx5mw=\"]','Atlas CLI - development');
/*!40000 ALTER TABLE `atlas_schema_revisions` ENABLE KEYS */;
UNLOCK TABLES;
DROP TABLE IF EXISTS `customers`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `customers` (
  `id` bigint(20) NOT NULL,
  `email` varchar(200) NOT NULL,
  `name` varchar(100) NOT NULL,
  `order_count` int(11) NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`),
  UNIQUE KEY `email` (`email`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `customers` WRITE;
/*!40000 ALTER TABLE `customers` DISABLE KEYS */;
INSERT INTO `customers` VALUES
(1,'ada@example.com','Ada; of \"Lovelace\"',0),
(2,'flann@example.com','Flann O\'Brien — née',0);
/*!40000 ALTER TABLE `customers` ENABLE KEYS */;
UNLOCK TABLES;
DROP TABLE IF EXISTS `half_done`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `half_done` (
  `id` int(11) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `half_done` WRITE;
/*!40000 ALTER TABLE `half_done` DISABLE KEYS */;
/*!40000 ALTER TABLE `half_done` ENABLE KEYS */;
UNLOCK TABLES;
DROP TABLE IF EXISTS `orders`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `orders` (
  `id` bigint(20) NOT NULL,
  `customer_id` bigint(20) NOT NULL,
  `amount` int(11) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `orders_customer` (`customer_id`),
  CONSTRAINT `orders_customer` FOREIGN KEY (`customer_id`) REFERENCES `customers` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `orders` WRITE;
/*!40000 ALTER TABLE `orders` DISABLE KEYS */;
/*!40000 ALTER TABLE `orders` ENABLE KEYS */;
UNLOCK TABLES;
/*!50003 SET @saved_cs_client      = @@character_set_client */ ;
/*!50003 SET @saved_cs_results     = @@character_set_results */ ;
/*!50003 SET @saved_col_connection = @@collation_connection */ ;
/*!50003 SET character_set_client  = utf8mb4 */ ;
/*!50003 SET character_set_results = utf8mb4 */ ;
/*!50003 SET collation_connection  = utf8mb4_general_ci */ ;
/*!50003 SET @saved_sql_mode       = @@sql_mode */ ;
/*!50003 SET sql_mode              = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 */ /*!50003 TRIGGER orders_count AFTER INSERT ON orders FOR EACH ROW
BEGIN
    UPDATE customers SET order_count = order_count + 1 WHERE id = NEW.customer_id;
END 
*/;;
DELIMITER ;
/*!50003 SET sql_mode              = @saved_sql_mode */ ;
/*!50003 SET character_set_client  = @saved_cs_client */ ;
/*!50003 SET character_set_results = @saved_cs_results */ ;
/*!50003 SET collation_connection  = @saved_col_connection */ ;

/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;
/*!40014 SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS */;
/*!40014 SET UNIQUE_CHECKS=@OLD_UNIQUE_CHECKS */;
/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
/*!40101 SET CHARACTER_SET_RESULTS=@OLD_CHARACTER_SET_RESULTS */;
/*!40101 SET COLLATION_CONNECTION=@OLD_COLLATION_CONNECTION */;
/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;

