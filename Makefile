.DEFAULT_GOAL := help
.PHONY: help run demo test check e2e bench audit soak dev

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build the program and serve it on http://localhost:3000
	@scripts/run.sh

demo: ## Start the program and providers that look like Microsoft's and Google's, and print what to click
	@scripts/demo.sh

test: ## Run all tests
	@scripts/test.sh all

check: ## Run the fast part: formatting, lints, tests of the server
	@scripts/test.sh fast

e2e: ## Run the stories in a browser
	@scripts/test.sh browser

bench: ## Measure each budget and write benches/RESULTS.md
	@scripts/bench.sh

audit: ## Run scanners by other authors against the program (as root)
	@scripts/audit.sh

soak: ## Kill the program, fill its disk, stop its database: no confirmed change may be lost (as root)
	@scripts/soak.sh

dev: ## Build fast and serve, again after every change
	@scripts/dev.sh
