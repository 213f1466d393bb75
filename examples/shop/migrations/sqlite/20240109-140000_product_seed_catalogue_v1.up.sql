-- The assortment of the first day. Later products come through the back office, not through migrations.
INSERT INTO products (sku, name, price_cents, category) VALUES
    ('TEA-ASSAM-100', 'Assam, second flush; 100 g', 890, 'tea'),
    ('TEA-SENCHA-100', 'Sencha; 100 g', 1250, 'tea'),
    ('POT-IRON-08', 'Teapot, cast iron; 0.8 l', 5900, 'ware'),
    ('CUP-CELADON', 'Cup, celadon', 1450, 'ware'),
    ('GIFT-25', 'Gift card, 25', 2500, 'other');
