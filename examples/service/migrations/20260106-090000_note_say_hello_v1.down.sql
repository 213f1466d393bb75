DELETE FROM notes WHERE author = 'the house';
