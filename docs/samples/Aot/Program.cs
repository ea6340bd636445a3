using Outheis;
using Outheis.Samples;
using Outheis.Supervision;

DirectoryInfo journal = Directory.CreateTempSubdirectory("outheis-aot-");
try
{
    await Run(journal.FullName);
    return Read(journal.FullName) ? 0 : 1;
}
finally
{
    journal.Delete(recursive: true);
}

static async Task Run(string journal)
{
    await using Kernel kernel = Kernel.Start(new KernelOptions
    {
        JournalDirectory = journal,
        SegmentBytes = 1 << 20,
        Codecs = new MessageCodecs().AddJson(NoteJson.Default.Note),
    });
    Output<Note> report = kernel.OpenOutput<Note>("report");
    AgentId supervisor = kernel.Spawn("supervisor", () => new Supervisor());
    var supervised = new SpawnOptions { Supervisor = supervisor };
    AgentId auditor = kernel.Spawn(
        "auditor", e => new Auditor(e.GrantOutput(report, "tells the host")), supervised);
    AgentId account = kernel.Spawn(
        "account", e => new Account(e.Grant<Note>(auditor, purpose: "is audited")), supervised);
    Console.WriteLine($"spawned {kernel.ListAgents().Count} agents on {kernel.ListCores().Count} cores");

    Capability<Deposit> deposit = kernel.Grant<Deposit>(account);
    AskCapability<GetBalance, Balance> ask = kernel.GrantAsk<GetBalance, Balance>(account);
    Console.WriteLine($"sent: {deposit.Send(new Deposit(100))}, {await deposit.SendAsync(new Deposit(20))}");
    Console.WriteLine($"asked: {await ask.AskAsync(default)}");
    for (int i = 0; i < 2; i++)
    {
        Console.WriteLine($"reported: {(await report.Reader.ReadAsync()).Text}");
    }

    Console.WriteLine($"sent something bad: {deposit.Send(new Deposit(-1))}");
    Console.WriteLine($"asked what the supervisor restarted: {await ask.AskAsync(default)}");
    StopReport stop = await kernel.StopAsync();
    Console.WriteLine($"stopped, everything handled: {stop.Drained}");
}

static bool Read(string journal)
{
    using JournalReader reader = JournalReader.Open(journal);
    List<JournalEntry> entries = [.. reader.Read()];
    Console.WriteLine($"journal: {entries.Count} entries read back");
    string[] deposits = [.. entries.Where(entry => entry.TypeName == nameof(Deposit) && entry.Kind == JournalKind.Sent)
        .Select(entry => entry.PayloadText ?? "no layout")];
    Console.WriteLine($"deposited: {string.Join(' ', deposits)}");
    return deposits is ["{\"Cents\":100}", "{\"Cents\":20}", "{\"Cents\":-1}"];
}
