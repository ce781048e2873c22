// Runs FerretDB with its SQLite backend: the tests' stand-in for MongoDB where none is installed.
//
// A program of our own, since the command of the module refuses to start unless it was built from its repository. Embedded,
// FerretDB has no telemetry and no debug listener.
package main

import (
	"context"
	"flag"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	address := flag.String("listen-addr", "127.0.0.1:0", "TCP address to listen on")
	url := flag.String("sqlite-url", "", "SQLite URI of an existing folder, ending in a slash")
	flag.Parse()

	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: *address},
		Handler:   "sqlite",
		SQLiteURL: *url,
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := server.Run(ctx); err != nil {
		log.Fatal(err)
	}
}
