"""What the demo rehearses: four routers, four endings, one image."""
