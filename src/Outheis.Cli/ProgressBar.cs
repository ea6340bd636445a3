using System.Threading.Channels;
using Spectre.Console;

namespace Outheis.Cli;

/// <summary>
/// A bar on the error output while something takes its time. Made only when there is something to show, because
/// loading the drawing library costs more than a warm question. Any thread.
/// </summary>
internal sealed class ProgressBar(string what)
{
    private readonly Lock _gate = new();
    private Channel<(int Done, int Total)>? _steps;
    private Task _drawing = Task.CompletedTask;

    public void Show(int done, int total)
    {
        lock (_gate)
        {
            if (_steps is null)
            {
                _steps = Channel.CreateUnbounded<(int, int)>();
                ChannelReader<(int, int)> reader = _steps.Reader;
                _drawing = Task.Run(() => Draw(reader));
            }

            _steps.Writer.TryWrite((done, total));
        }
    }

    /// <summary>Takes the bar away.</summary>
    public Task End()
    {
        lock (_gate)
        {
            _steps?.Writer.TryComplete();
            _steps = null;
            return _drawing;
        }
    }

    private Task Draw(ChannelReader<(int Done, int Total)> steps)
    {
        // It would look at the output and the input, too, and print line after line where one of them is a file.
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(Console.Error),
            Interactive = InteractionSupport.Yes,
            Ansi = OperatingSystem.IsWindows() ? AnsiSupport.Detect
                : Environment.GetEnvironmentVariable("TERM") is "dumb" ? AnsiSupport.No : AnsiSupport.Yes,
        });
        return console.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn())
            .StartAsync(async context =>
            {
                ProgressTask bar = context.AddTask(what, autoStart: true, maxValue: 1);
                await foreach ((int done, int total) in steps.ReadAllAsync().ConfigureAwait(false))
                {
                    bar.MaxValue = Math.Max(total, 1);
                    bar.Value = done;
                }
            });
    }
}
