UPDATE notes SET stars = stars + 1;
