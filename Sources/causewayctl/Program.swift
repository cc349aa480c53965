import CommandLineTool

@main
struct Program {
    static func main() async {
        await CommandLineProgram.main()
    }
}
