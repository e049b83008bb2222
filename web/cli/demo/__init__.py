"""`flashlog demo`: four routers, four endings, and the routers' own word for it."""
