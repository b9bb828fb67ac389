.DEFAULT_GOAL := help
.PHONY: help run demo test check e2e bench audit soak dev

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build the program and serve it on http://localhost:3000
	@scripts/run.sh

demo: ## The program with a provider that looks like Microsoft's, and what to click
	@scripts/demo.sh

test: ## Run every test there is
	@scripts/test.sh all

check: ## Run the fast part: formatting, lints, tests of the server
	@scripts/test.sh fast

e2e: ## Run the stories in a browser
	@scripts/test.sh browser

bench: ## Measure each budget, and write benches/RESULTS.md
	@scripts/bench.sh

audit: ## Hold what stands against scanners and yardsticks that nobody here wrote (as root)
	@scripts/audit.sh

soak: ## Kill it, fill its disk, take its database away: nothing that was promised may be lost
	@scripts/soak.sh

dev: ## Build fast and serve, anew at every change
	@scripts/dev.sh
