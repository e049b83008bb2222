"""An installation as commands of operators use it: this machine's, or a service's."""
