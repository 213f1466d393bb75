-- case: made
CREATE ACCESS METHOD m TYPE TABLE HANDLER heap_tableam_handler;

-- case: of indexes
CREATE ACCESS METHOD m TYPE INDEX HANDLER bthandler;

-- case: of other indexes
CREATE ACCESS METHOD m TYPE INDEX HANDLER hashhandler;

-- case: commented
CREATE ACCESS METHOD m TYPE TABLE HANDLER heap_tableam_handler;
COMMENT ON ACCESS METHOD m IS 'what';
